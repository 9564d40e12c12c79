/** Epoch milliseconds as the API shows them. */
export function timeOf(at: number): string {
  return new Date(at).toISOString();
}

export function timeOrNull(at: number | undefined): string | null {
  return at === undefined ? null : timeOf(at);
}
