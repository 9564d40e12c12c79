import type { Binding, BindingStore } from "../sip/index.ts";
import type { Database } from "./database.ts";

/** Where registered phones are, for the next start. */
export class StoredBindings implements BindingStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async load(): Promise<readonly Binding[]> {
    const rows = await this.#db.selectFrom("bindings").select("binding").execute();
    return rows.map(({ binding }) => ({ ...binding, flow: binding.flow ?? undefined, userAgent: binding.userAgent ?? undefined }));
  }

  async save(binding: Binding): Promise<void> {
    const row = { phoneId: binding.phoneId, contact: binding.contact, binding: JSON.stringify(binding) };
    await this.#db
      .insertInto("bindings")
      .values(row)
      .onConflict((conflict) => conflict.columns(["phoneId", "contact"]).doUpdateSet({ binding: row.binding }))
      .execute();
  }

  async remove(phoneId: string, contact: string): Promise<void> {
    await this.#db.deleteFrom("bindings").where("phoneId", "=", phoneId).where("contact", "=", contact).execute();
  }
}
