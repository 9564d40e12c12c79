import type { Clock } from "./kernel/index.ts";
import type { Store } from "./store/index.ts";

const databaseEveryMs = 2000;

/** Whether the database answers, asked now and then: health must not wait for it. */
export function watchDatabase(store: Store, clock: Clock) {
  const watch = { state: "up" as "up" | "away", stop: () => undefined as void };
  const ask = () => {
    void store.ping().then(
      () => void (watch.state = "up"),
      () => void (watch.state = "away"),
    );
    const timer = clock.after(databaseEveryMs, ask);
    watch.stop = () => timer.cancel();
  };
  ask();
  return {
    get state() {
      return watch.state;
    },
    stop: () => watch.stop(),
  };
}
