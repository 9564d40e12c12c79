/** ITU-T Q.850 causes beside SIP status codes: RFC 3398 §7.2.4.1 and §8.2.6.1, RFC 4497 §8.4. */

const statusOfCause: Readonly<Record<number, number>> = {
  1: 404,
  2: 404,
  3: 404,
  17: 486,
  18: 408,
  19: 480,
  20: 480,
  21: 403,
  22: 410,
  23: 410,
  25: 483,
  26: 404,
  27: 502,
  28: 484,
  29: 501,
  31: 480,
  34: 503,
  38: 503,
  41: 503,
  42: 503,
  47: 503,
  55: 403,
  57: 403,
  58: 503,
  65: 488,
  70: 488,
  79: 501,
  87: 403,
  88: 503,
  102: 504,
  111: 500,
  127: 500,
};

const causeOfStatus: Readonly<Record<number, number>> = {
  400: 41,
  401: 21,
  402: 21,
  403: 21,
  404: 1,
  405: 63,
  406: 79,
  407: 21,
  408: 102,
  410: 22,
  413: 127,
  414: 127,
  415: 79,
  416: 127,
  420: 127,
  421: 127,
  423: 127,
  480: 18,
  481: 41,
  482: 25,
  483: 25,
  484: 28,
  485: 1,
  486: 17,
  487: 16,
  488: 65,
  500: 41,
  501: 79,
  502: 38,
  503: 41,
  504: 102,
  505: 127,
  513: 127,
  600: 17,
  603: 21,
  604: 1,
  606: 65,
};

/** The SIP status for a cause with which a call was refused; undefined for 16 (normal clearing), which is a BYE or CANCEL. Unknown causes are 500 (RFC 3398 §7.2.4.1). */
export function statusOfQ850(cause: number): number | undefined {
  return cause === 16 ? undefined : (statusOfCause[cause] ?? 500);
}

/** The cause for a final status: 16 for success, 31 (normal, unspecified) for what no table has. */
export function q850OfStatus(status: number): number {
  return status < 300 ? 16 : (causeOfStatus[status] ?? 31);
}
