/** What a seat is made of beside its state: plain values that its events carry. */

export const supervisionModes = ["listen", "coach", "barge"] as const;

/** Who supervises hears everybody. listen: is heard by nobody. coach: by the agent alone. barge: as anybody else. */
export type SupervisionMode = (typeof supervisionModes)[number];

/** `partyId`: the agent. */
export type Supervision = { readonly mode: SupervisionMode; readonly partyId: string };

/** Decibels: `volumeDb` of all that the party hears, `gainDb` of how the others hear it. 0 is as it comes. */
export type Levels = { readonly volumeDb?: number; readonly gainDb?: number };
