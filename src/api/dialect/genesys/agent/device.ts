/** A user's directory number as a device. The order of members is the vendor's. */
import type { Line } from "../../../../directory/index.ts";
import type { AgentState } from "../../../../queues/index.ts";
import { deviceIdOf } from "../call/view.ts";
import { type UserStateView, viewOfState } from "./user-state.ts";

export type DeviceView = {
  readonly id: string;
  readonly deviceState: "Active" | "Inactive";
  readonly userState: UserStateView;
  readonly phoneNumber: string;
  readonly description: string;
  readonly e164Number: string;
  readonly telephonyNetwork: "Private";
  readonly doNotDisturb: "Off";
  readonly capabilities: readonly string[];
  readonly channels: readonly string[];
  readonly dynamicPhoneNumber: string;
};

/** Active while the agent is on duty. */
export function viewOfDevice(line: Line, state: AgentState): DeviceView {
  return {
    id: deviceIdOf(line),
    deviceState: state.isOnDuty ? "Active" : "Inactive",
    userState: viewOfState(state),
    phoneNumber: line.number,
    description: "",
    e164Number: "",
    telephonyNetwork: "Private",
    doNotDisturb: "Off",
    capabilities: [],
    channels: ["voice"],
    dynamicPhoneNumber: "",
  };
}
