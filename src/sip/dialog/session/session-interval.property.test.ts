import * as fc from "fast-check";
import { expect, test } from "vitest";
import { responseTo, requestOf } from "../../message/builder.ts";
import type { HeaderPair } from "../../message/header-list.ts";
import { grantHeaders, initialHeaders, refreshHeaders, termsGranted, termsToGrant, tooSmall } from "./session-interval.ts";

const settings = fc.record({ intervalS: fc.integer({ min: 90, max: 86_400 }), minS: fc.integer({ min: 90, max: 3_600 }) });

function invite(headers: readonly HeaderPair[]) {
  return requestOf({ method: "INVITE", uri: "sip:b@x", from: "<sip:a@x>;tag=a", to: "<sip:b@x>", callId: "c", sequence: 1, headers });
}

test("both sides of a session hold to the same terms: the same interval, and exactly one refreshes", () => {
  fc.assert(
    fc.property(settings, settings, (ours, theirs) => {
      const request = invite([["Supported", "timer"], ...initialHeaders(ours)]);
      const refusal = tooSmall(request, theirs);
      const again = refusal === undefined ? request : invite([["Supported", "timer"], ...initialHeaders(ours, theirs.minS)]);
      expect(tooSmall(again, theirs)).toBeUndefined();
      const granted = termsToGrant(again, theirs, undefined);
      const agreed = termsGranted(responseTo(again, 200, { headers: grantHeaders(granted) }), undefined);
      expect(agreed?.intervalS).toBe(granted?.intervalS);
      expect(agreed?.refresher).not.toBe(granted?.refresher);
      // A refresh changes neither.
      const refresh = invite([["Supported", "timer"], ...refreshHeaders(agreed)]);
      const later = termsToGrant(refresh, theirs, granted);
      expect([later?.intervalS, later?.refresher]).toEqual([granted?.intervalS, granted?.refresher]);
    }),
  );
});

test("whatever stands in the header fields, terms are whole seconds that leave time to refresh", () => {
  const value = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.string()).map(([seconds, rest]) => `${seconds};${rest}`),
  );
  fc.assert(
    fc.property(value, value, fc.boolean(), settings, (expires, least, isAware, ours) => {
      const request = invite([["Session-Expires", expires], ["Min-SE", least], ...(isAware ? ([["Supported", "timer"]] as const) : [])]);
      const terms = termsToGrant(request, ours, undefined);
      if (terms !== undefined) expect(terms.intervalS).toBeGreaterThanOrEqual(20);
      if (terms !== undefined && !isAware) expect(terms.refresher).toBe("local");
      const granted = termsGranted(responseTo(request, 200, { headers: [["Session-Expires", expires]] }), undefined);
      if (granted !== undefined) expect(Number.isInteger(granted.intervalS)).toBe(true);
    }),
  );
});
