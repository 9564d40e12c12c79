/** JSON shapes of the demo phone. */

export type DemoPhoneBehaviour = "answer" | "busy" | "silent" | "reject";

export type DemoPhoneView = {
  readonly number: string;
  readonly behaviour: DemoPhoneBehaviour;
  readonly answerAfterMs: number;
  /** Digits it presses once a call is answered; `,` waits half a second. */
  readonly digits: string;
};

export type DemoPhoneChange = Partial<Omit<DemoPhoneView, "number">>;
