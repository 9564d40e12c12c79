import { Baresip } from "./baresip.ts";
import { Linphone } from "./linphone.ts";
import type { Phone, PhoneOptions } from "./phone.ts";

/** The softphones of other makers, by their commands. */
export const realPhones = {
  baresip: (options: PhoneOptions): Promise<Phone> => Baresip.start(options),
  linphonec: (options: PhoneOptions): Promise<Phone> => Linphone.start(options),
} as const;
export type RealPhone = keyof typeof realPhones;
