import type { DemoPhoneChange, DemoPhoneView } from "../contract/demo-phone.ts";

/** How the API reaches the demo phone, which runs in a worker of its own. */
export type DemoPhoneControl = {
  status(): Promise<DemoPhoneView>;
  /** Takes effect with the next call; resolves with what holds then. */
  configure(change: DemoPhoneChange): Promise<DemoPhoneView>;
  /** The WAV file of the last call that has ended or is going on; undefined when there was none. */
  recording(): Promise<{ readonly bytes: Uint8Array } | undefined>;
};
