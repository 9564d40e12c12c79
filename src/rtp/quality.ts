/**
 * What an ear would say of a call, from figures: the E-model of ITU-T G.107 with its default values for all that has to do with rooms, noise and telephones.
 *
 *   R = 93.2 − Id − Ie,eff
 *   Id = 0.024 d + 0.11 (d − 177.3) H(d − 177.3)      d: one-way delay in ms (Cole and Rosenbluth, 2001, fitted to G.107 at its defaults)
 *   Ie,eff = Ie + (95 − Ie) Ppl / (Ppl / BurstR + Bpl)  Ppl: loss in percent
 *   MOS = 1 + 0.035 R + R (R − 60) (100 − R) 7·10⁻⁶
 */

/** Without any impairment, at the defaults of G.107. */
const ratingAtBest = 93.2;
const worstImpairment = 95;

/** What a codec costs, ITU-T G.113 appendix I: G.711 has 0 and 25.1 when loss is concealed, 0 and 4.3 when it is silence. */
export type CodecImpairment = {
  /** Ie: of the codec without loss, 0 to 95. */
  readonly equipment: number;
  /** Bpl: the more, the better it stands loss. */
  readonly robustness: number;
};

export type ListeningConditions = {
  /** 0 to 1: what never came or came too late. */
  readonly lossFraction: number;
  /** How much longer runs of loss are than they would be by chance; 1 for loss without memory. */
  readonly burstRatio: number;
  /** From mouth to ear. */
  readonly oneWayDelayMs: number;
};

/** The rating R, 0 to 93.2. */
export function rating(codec: CodecImpairment, { lossFraction, burstRatio, oneWayDelayMs }: ListeningConditions): number {
  const delay = 0.024 * oneWayDelayMs + 0.11 * Math.max(0, oneWayDelayMs - 177.3);
  const lossPercent = lossFraction * 100;
  const loss = lossPercent === 0 ? 0 : ((worstImpairment - codec.equipment) * lossPercent) / (lossPercent / burstRatio + codec.robustness);
  return Math.max(0, ratingAtBest - delay - codec.equipment - loss);
}

/** The mean opinion score for a rating (G.107 annex B), 1 to 4.5. */
export function meanOpinionScore(ratingR: number): number {
  if (ratingR >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * ratingR + ratingR * (ratingR - 60) * (100 - ratingR) * 7e-6);
}

/** What was counted of a received stream. */
export type ReceivedFigures = {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Into how many runs the loss falls. */
  readonly lossRuns: number;
  /** Received, but not in time to be heard. */
  readonly packetsLate: number;
  /** Of the network, there and back; 0 when it is not known. */
  readonly roundTripMs: number;
  /** How long packets wait here, with the time that one takes to be filled. */
  readonly bufferDelayMs: number;
};

export function listeningConditions(figures: ReceivedFigures): ListeningConditions {
  const { packetsReceived, packetsLost, lossRuns, packetsLate, roundTripMs, bufferDelayMs } = figures;
  const expected = packetsReceived + packetsLost;
  const networkLoss = packetsLost / Math.max(1, expected);
  // G.107 §3.5: the mean run that was seen to the one that chance makes, which is 1 / (1 − loss).
  const burstRatio = lossRuns === 0 ? 1 : Math.max(1, (packetsLost / lossRuns) * (1 - networkLoss));
  return {
    lossFraction: Math.min(1, (packetsLost + packetsLate) / Math.max(1, expected)),
    burstRatio,
    oneWayDelayMs: roundTripMs / 2 + bufferDelayMs,
  };
}
