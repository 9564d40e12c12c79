import type { Static, TSchema } from "typebox";
import { expectTypeOf, test } from "vitest";
import * as calls from "./calls.ts";
import * as configuration from "./configuration.ts";
import * as demo from "./demo-phone.ts";
import * as messages from "./messages.ts";
import * as talk from "./talk.ts";
import * as traces from "./traces.ts";
import type * as c from "../../contract/calls.ts";
import type * as k from "../../contract/configuration.ts";
import type * as d from "../../contract/demo-phone.ts";
import type * as m from "../../contract/messages.ts";
import type * as a from "../../contract/talk.ts";
import type * as t from "../../contract/traces.ts";

/** Read-only or not is no difference on the wire. */
type Wire<T> = T extends readonly (infer Item)[]
  ? readonly Wire<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Wire<T[Key]> }
    : T;
type Shape<T extends TSchema> = Wire<Static<T>>;

test("the shapes that clients compile against are the ones that are validated and documented", () => {
  expectTypeOf<Shape<typeof calls.callSchema>>().toEqualTypeOf<Wire<c.CallView>>();
  expectTypeOf<Shape<typeof traces.callTraceSchema>>().toEqualTypeOf<Wire<t.CallTraceView>>();
  expectTypeOf<Shape<typeof messages.newMessageSchema>>().toEqualTypeOf<Wire<m.NewMessage>>();
  expectTypeOf<Shape<typeof messages.sentMessageSchema>>().toEqualTypeOf<Wire<m.SentMessage>>();
  expectTypeOf<Shape<typeof calls.newCallSchema>>().toEqualTypeOf<Wire<c.NewCall>>();
  expectTypeOf<Shape<typeof calls.callChangeSchema>>().toEqualTypeOf<Wire<c.CallChange>>();
  expectTypeOf<Shape<typeof talk.qualitySchema>>().toEqualTypeOf<Wire<c.QualityView>>();
  expectTypeOf<Shape<typeof talk.newPartySchema>>().toEqualTypeOf<Wire<a.NewParty>>();
  expectTypeOf<Shape<typeof talk.partyChangeSchema>>().toEqualTypeOf<Wire<a.PartyChange>>();
  expectTypeOf<Shape<typeof talk.newSupervisionSchema>>().toEqualTypeOf<Wire<a.NewSupervision>>();
  expectTypeOf<Shape<typeof talk.newAnnouncementSchema>>().toEqualTypeOf<Wire<a.NewAnnouncement>>();
  expectTypeOf<Shape<typeof talk.newPlaybackSchema>>().toEqualTypeOf<Wire<a.NewPlayback>>();
  expectTypeOf<Shape<typeof talk.playbackChangeSchema>>().toEqualTypeOf<Wire<a.PlaybackChange>>();
  expectTypeOf<Shape<typeof configuration.flowSchema>>().toEqualTypeOf<Wire<k.FlowView>>();
  expectTypeOf<Shape<typeof configuration.newFlowSchema>>().toEqualTypeOf<Wire<k.NewFlow>>();
  expectTypeOf<Shape<typeof configuration.flowChangeSchema>>().toEqualTypeOf<Wire<k.FlowChange>>();
  expectTypeOf<Shape<typeof configuration.numberSchema>>().toEqualTypeOf<Wire<k.NumberView>>();
  expectTypeOf<Shape<typeof configuration.newNumberSchema>>().toEqualTypeOf<Wire<k.NewNumber>>();
  expectTypeOf<Shape<typeof configuration.numberChangeSchema>>().toEqualTypeOf<Wire<k.NumberChange>>();
  expectTypeOf<Shape<typeof configuration.soundSchema>>().toEqualTypeOf<Wire<k.SoundView>>();
  expectTypeOf<Shape<typeof configuration.soundChangeSchema>>().toEqualTypeOf<Wire<k.SoundChange>>();
  expectTypeOf<Shape<typeof configuration.trunkSchema>>().toEqualTypeOf<Wire<k.TrunkView>>();
  expectTypeOf<Shape<typeof configuration.newTrunkSchema>>().toEqualTypeOf<Wire<k.NewTrunk>>();
  expectTypeOf<Shape<typeof configuration.trunkChangeSchema>>().toEqualTypeOf<Wire<k.TrunkChange>>();
  expectTypeOf<Shape<typeof configuration.userSchema>>().toEqualTypeOf<Wire<k.UserView>>();
  expectTypeOf<Shape<typeof configuration.newUserSchema>>().toEqualTypeOf<Wire<k.NewUser>>();
  expectTypeOf<Shape<typeof configuration.userChangeSchema>>().toEqualTypeOf<Wire<k.UserChange>>();
  expectTypeOf<Shape<typeof configuration.phoneSchema>>().toEqualTypeOf<Wire<k.PhoneView>>();
  expectTypeOf<Shape<typeof configuration.newPhoneSchema>>().toEqualTypeOf<Wire<k.NewPhone>>();
  expectTypeOf<Shape<typeof configuration.phoneChangeSchema>>().toEqualTypeOf<Wire<k.PhoneChange>>();
  expectTypeOf<Shape<typeof configuration.lineSchema>>().toEqualTypeOf<Wire<k.LineView>>();
  expectTypeOf<Shape<typeof configuration.newLineSchema>>().toEqualTypeOf<Wire<k.NewLine>>();
  expectTypeOf<Shape<typeof configuration.lineChangeSchema>>().toEqualTypeOf<Wire<k.LineChange>>();
  expectTypeOf<Shape<typeof configuration.apiKeySchema>>().toEqualTypeOf<Wire<k.ApiKeyView>>();
  expectTypeOf<Shape<typeof configuration.createdApiKeySchema>>().toEqualTypeOf<Wire<k.CreatedApiKey>>();
  expectTypeOf<Shape<typeof configuration.newApiKeySchema>>().toEqualTypeOf<Wire<k.NewApiKey>>();
  expectTypeOf<Shape<typeof configuration.newLoginSchema>>().toEqualTypeOf<Wire<k.NewLogin>>();
  expectTypeOf<Shape<typeof demo.demoPhoneSchema>>().toEqualTypeOf<Wire<d.DemoPhoneView>>();
  expectTypeOf<Shape<typeof demo.demoPhoneChangeSchema>>().toEqualTypeOf<Wire<d.DemoPhoneChange>>();
});
