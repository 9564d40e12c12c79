import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test("plays the file that the template names", () => {
  const trial = trialOf({ verb: "play", audio: "https://audio.example/{{ file }}.wav" }, { file: "welcome" });
  expect(trial.start()?.actions).toEqual([
    { kind: "play", promptId: "prompt-1", items: [{ kind: "audio", uri: "https://audio.example/welcome.wav" }], bargeIn: false },
  ]);
  expect(trial.promptEnds()?.exit).toBe("done");
});

test("a file that cannot be played takes the exit error", () => {
  const trial = trialOf({ verb: "play", audio: "/nowhere.wav" });
  trial.start();
  expect(trial.promptEnds("failed")?.exit).toBe("error");
});
