/** How parties hear each other, what is played to them, and how their media do. */
import type { Call, Party, PlayingPrompt } from "../model.ts";
import type { TalkEvent } from "../talk-events.ts";
import type { Evolutions } from "./evolutions.ts";
import { changeLeg } from "./leg-events.ts";
import { without } from "./records.ts";
import { changeParty, changeSeat, listenedAnew } from "./seat-events.ts";

export const evolveTalk: Evolutions<TalkEvent["kind"]> = {
  "seat.deafened": (call, { bridgeId, partyId, deaf }) => changeSeat(call, bridgeId, partyId, (seat) => ({ ...seat, deaf })),
  "seat.levels-set": (call, { bridgeId, partyId, volumeDb, gainDb }) =>
    changeSeat(call, bridgeId, partyId, (seat) => ({
      ...seat,
      ...(volumeDb !== undefined && { volumeDb }),
      ...(gainDb !== undefined && { gainDb }),
    })),
  "seat.supervising": (call, { bridgeId, partyId, mode, agentId }) =>
    changeSeat(call, bridgeId, partyId, (seat) => ({ ...seat, supervises: { mode, partyId: agentId } })),
  "prompt.paused": (call, event) =>
    changePrompt(call, event, (prompt) => ({ ...prompt, isPaused: true, offsetMs: event.positionMs, begunAt: event.at })),
  "prompt.resumed": (call, event) => changePrompt(call, event, (prompt) => ({ ...without(prompt, "isPaused"), begunAt: event.at })),
  "prompt.sought": (call, event) =>
    changePrompt(call, event, (prompt) => ({ ...prompt, offsetMs: event.positionMs, begunAt: event.at, start: prompt.start + 1 })),
  "prompt.positioned": (call, event) =>
    changePrompt(call, event, (prompt) => ({ ...prompt, offsetMs: event.positionMs, begunAt: event.at })),
  "prompt.volume-set": (call, event) => changePrompt(call, event, (prompt) => ({ ...prompt, volumeDb: event.volumeDb })),
  "announcement.begun": (call, { at, announcementId, partyIds, items, repeat, volumeDb }) => {
    const announcement: PlayingPrompt = {
      promptId: announcementId,
      items,
      bargeIn: false,
      ...(repeat !== undefined && { repeat }),
      ...(volumeDb !== undefined && { volumeDb }),
      begunAt: at,
      offsetMs: 0,
      start: 1,
    };
    return partyIds.reduce((next, partyId) => changeParty(next, partyId, (party) => ({ ...party, announcement })), call);
  },
  "announcement.ended": (call, { partyId, announcementId }) =>
    changeParty(call, partyId, (party) => (party.announcement?.promptId === announcementId ? without(party, "announcement") : party)),
  "leg.media-lost": (call, { at, legId, deadlineAt }) => changeLeg(call, legId, (leg) => ({ ...leg, mediaLost: { at, deadlineAt } })),
  "leg.media-resumed": (call, { legId }) => changeLeg(call, legId, listenedAnew),
  "leg.measured": (call, { legId, quality }) => changeLeg(call, legId, (leg) => ({ ...leg, quality })),
};

function changePrompt(
  call: Call,
  { partyId, promptId }: { readonly partyId: string; readonly promptId: string },
  change: (prompt: PlayingPrompt) => PlayingPrompt,
): Call {
  return changeParty(call, partyId, (party): Party => {
    const { prompt } = party;
    return prompt?.promptId === promptId ? { ...party, prompt: change(prompt) } : party;
  });
}
