/** The numbers of ITU-T G.722 (tables 11 to 22), for 64 kbit/s: six bits a sample in the lower band, two in the higher one. */

/** What distinguishes the ADPCM coder of one band from the other's. Arrays are by code word unless said otherwise. */
export type BandTables = {
  /** Reconstructed difference in 1/1024 of the scale factor. */
  readonly levels: Int16Array;
  /** The same of the four most significant bits only: encoder and decoder adapt by it, so that the others could carry data. */
  readonly coarseLevels: Int16Array;
  /** What is added to the logarithm of the scale factor. */
  readonly logSteps: Int16Array;
  readonly highestLog: number;
  /** A logarithm of so many times 2,048 is a scale factor of 2,048. */
  readonly logExponent: number;
  /** Code words by how many 1/1024 of the scale factor a difference is long, cut at the last; the second half is for negative ones. */
  readonly codes: Uint8Array;
};

/** Taps of one phase of the quadrature mirror filters, in 1/8192; those of the other are the same from the end. */
export const mirrorTaps = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);

/** 2,048 · 2^(index / 32). */
export const powersOfTwo = Int32Array.from([
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298,
  3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
]);

/** Where the magnitude of a difference goes over to the next code word, in 1/1024 of the scale factor. */
const lowDecisions = [
  35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980,
  2195, 2557, 2919,
];
const highDecisions = [564];

/** Magnitudes between the decisions, and those of the coarse code words, from the smallest. */
const lowMagnitudes = [
  17, 54, 91, 130, 170, 211, 254, 300, 347, 396, 447, 501, 558, 618, 682, 750, 822, 899, 982, 1072, 1170, 1279, 1399, 1535, 1689, 1873,
  2088, 2376, 2738, 3101,
];
const coarseMagnitudes = [0, 150, 323, 530, 786, 1121, 1612, 2557];
const coarseLogSteps = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const highMagnitudes = [202, 926];
const highLogSteps = [-214, 798];

/** The code words 0 to 3 are not sent; a receiver takes them as the smallest negative difference. */
const lowNegative = (rank: number) => (rank < 2 ? 63 - rank : 33 - rank);
const lowPositive = (rank: number) => 61 - rank;
/** Of the four bits, from the smallest: 15 and 0 are both nothing, then 7 to 1 and 14 to 8. */
const coarseRank = (word: number) => (word === 0 ? 0 : word < 8 ? 8 - word : 15 - word);

export const lowBand: BandTables = {
  levels: levelsOf(lowMagnitudes, lowNegative, lowPositive, 64, -17),
  coarseLevels: Int16Array.from({ length: 64 }, (_, code) => (coarseMagnitudes[coarseRank(code >> 2)] ?? 0) * (code < 32 ? -1 : 1)),
  logSteps: Int16Array.from({ length: 64 }, (_, code) => coarseLogSteps[coarseRank(code >> 2)] ?? 0),
  highestLog: 18_432,
  logExponent: 8,
  codes: codesOf(lowDecisions, lowNegative, lowPositive),
};

const highNegative = (rank: number) => 1 - rank;
const highPositive = (rank: number) => 3 - rank;
const highLevels = levelsOf(highMagnitudes, highNegative, highPositive, 4, 0);

export const highBand: BandTables = {
  levels: highLevels,
  coarseLevels: highLevels,
  logSteps: Int16Array.from({ length: 4 }, (_, code) => highLogSteps[1 - (code & 1)] ?? 0),
  highestLog: 22_528,
  logExponent: 10,
  codes: codesOf(highDecisions, highNegative, highPositive),
};

type CodeOf = (rank: number) => number;

function levelsOf(magnitudes: readonly number[], negative: CodeOf, positive: CodeOf, size: number, unused: number): Int16Array {
  const levels = new Int16Array(size).fill(unused);
  for (const [rank, magnitude] of magnitudes.entries()) {
    levels[negative(rank)] = -magnitude;
    levels[positive(rank)] = magnitude;
  }
  return levels;
}

function codesOf(decisions: readonly number[], negative: CodeOf, positive: CodeOf): Uint8Array {
  const ranks = Array.from(
    { length: (decisions.at(-1) ?? 0) + 1 },
    (_, length) => decisions.filter((decision) => decision <= length).length,
  );
  return Uint8Array.of(...ranks.map(positive), ...ranks.map(negative));
}
