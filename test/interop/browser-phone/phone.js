// JsSIP as a phone in a page, driven from the test through `window.phone`. One call at a time.
import JsSIP from "jssip";

/**
 * Stands in for the browser's media, which the server does not speak here (DTLS-SRTP): offers and answers plain RTP/AVP, and takes what it is given. So all
 * signalling is JsSIP's own, and no sound is heard.
 */
class PlainPeerConnection extends EventTarget {
  iceGatheringState = "complete";
  iceConnectionState = "connected";
  connectionState = "connected";
  signalingState = "stable";
  localDescription = null;
  remoteDescription = null;

  async createOffer() {
    return { type: "offer", sdp: plainSdp };
  }

  async createAnswer() {
    return { type: "answer", sdp: plainSdp };
  }

  async setLocalDescription(description) {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(description) {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  getSenders() {
    return [];
  }

  getReceivers() {
    return [];
  }

  close() {
    this.signalingState = "closed";
  }
}

const plainSdp = [
  "v=0",
  "o=browser 1 1 IN IP4 127.0.0.1",
  "s=-",
  "c=IN IP4 127.0.0.1",
  "t=0 0",
  "m=audio 9 RTP/AVP 0 101",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:101 telephone-event/8000",
  "a=fmtp:101 0-15",
  "a=sendrecv",
  "",
].join("\r\n");

window.RTCPeerConnection = PlainPeerConnection;

const withoutMedia = { mediaConstraints: { audio: false, video: false } };

/** What has happened, in order. */
const events = [];
/** What was on the wire, in order. */
const messages = [];

let ua;
let session;

/** JsSIP's own socket, with everything that passes written down. */
function recordedSocket(url) {
  const socket = new JsSIP.WebSocketInterface(url);
  const send = socket.send.bind(socket);
  socket.send = (message) => {
    messages.push({ direction: "sent", text: message });
    return send(message);
  };
  let take;
  Object.defineProperty(socket, "ondata", {
    get: () => (data) => {
      messages.push({ direction: "received", text: data });
      take?.(data);
    },
    set: (listener) => {
      take = listener;
    },
  });
  return socket;
}

function follow(newSession) {
  session = newSession;
  session.on("progress", ({ originator, response }) => events.push(originator === "remote" ? `ringing ${response.status_code}` : "rings"));
  session.on("accepted", () => events.push("accepted"));
  session.on("confirmed", () => events.push("confirmed"));
  session.on("hold", ({ originator }) => events.push(`held by ${originator}`));
  session.on("unhold", ({ originator }) => events.push(`resumed by ${originator}`));
  session.on("ended", ({ originator, cause }) => events.push(`ended by ${originator}: ${cause}`));
  session.on("failed", ({ originator, cause }) => events.push(`failed by ${originator}: ${cause}`));
}

window.phone = {
  events,
  messages,
  start({ url, uri, password }) {
    const socket = recordedSocket(url);
    const recovery = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 2 };
    ua = new JsSIP.UA({ sockets: [socket], uri, password, register_expires: 600, session_timers: true, ...recovery });
    ua.on("connected", () => events.push("connected"));
    ua.on("disconnected", () => events.push("disconnected"));
    ua.on("registered", () => events.push("registered"));
    ua.on("unregistered", () => events.push("unregistered"));
    ua.on("registrationFailed", ({ cause }) => events.push(`registration failed: ${cause}`));
    ua.on("newRTCSession", ({ session: newSession, originator, request }) => {
      follow(newSession);
      if (originator === "remote") events.push(`called by ${request.from.uri.user}`);
    });
    ua.start();
  },
  call: (target) => void ua.call(target, withoutMedia),
  answer: () => session.answer(withoutMedia),
  reject: () => session.terminate({ status_code: 486, reason_phrase: "Busy Here" }),
  // Until the re-INVITE is over: before that JsSIP offers nothing else.
  hold: () => new Promise((resolve) => session.hold({}, resolve)),
  unhold: () => new Promise((resolve) => session.unhold({}, resolve)),
  hangUp: () => session.terminate(),
  press: (digits) => session.sendDTMF(digits, { transportType: "INFO", duration: 100, interToneGap: 100 }),
  stop: () => ua.stop(),
};
events.push("loaded");
