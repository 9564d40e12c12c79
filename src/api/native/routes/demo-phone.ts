import type { DemoPhoneView } from "../../contract/demo-phone.ts";
import { apiRefusal } from "../../http/errors.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { demoPhoneChangeSchema } from "../schema/demo-phone.ts";
import { component } from "../schema/parts.ts";

const tags = ["Demo phone"];
const answersPhone = { 200: component<DemoPhoneView>("DemoPhone") };
const managers = { access: ["administrator", "manager"] } as const;

export function registerDemoPhone(scope: NativeScope, { demoPhone }: NativeContext): void {
  const control = () => {
    if (demoPhone === undefined) throw apiRefusal("DEMO_PHONE_ABSENT");
    return demoPhone;
  };

  scope.get(
    "/demo-phone",
    { config: { access: "authenticated" }, schema: { tags, summary: "Show the demo phone", response: answersPhone } },
    async () => control().status(),
  );

  scope.patch(
    "/demo-phone",
    {
      config: managers,
      schema: {
        tags,
        summary: "Change how the demo phone behaves",
        description: "Holds from the next call on.",
        body: demoPhoneChangeSchema,
        response: answersPhone,
      },
    },
    async (request) => control().configure(request.body),
  );

  scope.get(
    "/demo-phone/recording.wav",
    {
      config: managers,
      schema: { tags, summary: "Hear what the demo phone heard", description: "WAV of its last call.", produces: ["audio/wav"] },
    },
    async (_request, reply) => {
      const recording = await control().recording();
      if (recording === undefined) throw apiRefusal("DEMO_PHONE_SILENT");
      return reply.type("audio/wav").send(recording.bytes);
    },
  );
}
