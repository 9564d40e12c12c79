/** What legs can beyond RFC 3261: the stack says so in Allow and Supported, and takes it in Require. */
export const legCapabilities = {
  /** RFC 3891, RFC 4488. */
  extensions: ["replaces", "norefersub"],
  methods: ["REFER", "NOTIFY", "SUBSCRIBE"],
} as const;
