export { openJournal, type OpenJournal } from "./journal.ts";
export { createShipper, type Shipper } from "./shipping.ts";
