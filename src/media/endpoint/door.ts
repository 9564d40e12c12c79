import type { DatagramListener, RtpSockets } from "../../rtp/index.ts";
import type { EndpointPlan, SocketAddress } from "../plan.ts";
import type { EndpointContext } from "./context.ts";
import type { SourceLock } from "./source-lock.ts";

const lastPort = 65_535;

/** The two sockets of an endpoint: bound where its plan says, aimed at where its peer is. */
export class Door {
  /** While they are bound. */
  sockets: RtpSockets | undefined;
  /** The same while there is leave to send and an address. */
  outlet: RtpSockets | undefined;
  readonly #context: Pick<EndpointContext, "host" | "otherHost" | "openSockets">;
  readonly #listener: DatagramListener;
  #port = 0;
  #host = "";

  /** `fail` is told what a packet made go wrong: nobody else could catch it. */
  constructor(
    context: Pick<EndpointContext, "host" | "otherHost" | "openSockets">,
    listener: DatagramListener,
    fail: (cause: unknown) => void,
  ) {
    this.#context = context;
    this.#listener = guarded(listener, fail);
  }

  /** The ports that `plan` wants are those that were asked for last. */
  isFor(plan: EndpointPlan): boolean {
    return plan.localPort === this.#port && this.#hostFor(plan) === this.#host;
  }

  /** False when a port is taken. */
  open(plan: EndpointPlan): boolean {
    this.#port = plan.localPort;
    this.#host = this.#hostFor(plan);
    this.sockets = this.#context.openSockets(this.#host, this.#port, this.#listener);
    return this.sockets !== undefined;
  }

  aim({ target, isSettled }: SourceLock, sends: boolean): void {
    if (target !== undefined) this.sockets?.aim(target.address, target.port, isSettled);
    this.outlet = target !== undefined && sends ? this.sockets : undefined;
  }

  sendReport(report: Uint8Array, target: SocketAddress, { remote, rtcpMux }: EndpointPlan): void {
    if (rtcpMux === true) {
      this.sockets?.sendRtp(report);
      return;
    }
    // The RTCP port of SDP belongs to the address of SDP; a peer found elsewhere has it beside its RTP port.
    const port = remote !== undefined && remote.port === target.port ? remote.rtcpPort : target.port + 1;
    if (port > 0 && port <= lastPort) this.sockets?.sendRtcp(report, target.address, port);
  }

  /** Frees the ports at once. */
  close(): void {
    this.sockets?.close();
    this.sockets = undefined;
    this.outlet = undefined;
  }

  /** Our address of the family in which the peer has its media. */
  #hostFor({ remote }: EndpointPlan): string {
    const { host, otherHost = host } = this.#context;
    return remote === undefined || remote.address.includes(":") === host.includes(":") ? host : otherHost;
  }
}

function guarded({ rtp, rtcp }: DatagramListener, fail: (cause: unknown) => void): DatagramListener {
  const guard =
    (take: DatagramListener["rtp"]): DatagramListener["rtp"] =>
    (bytes, address, port, waitedMs) => {
      try {
        take(bytes, address, port, waitedMs);
      } catch (cause) {
        fail(cause);
      }
    };
  return { rtp: guard(rtp), rtcp: guard(rtcp) };
}
