import { beforeAll, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../test/support/fakes/evo.ts";

let api: EvoApi;
beforeAll(async () => {
  api = await evoApi();
});

const order = () => ({ flowId: api.flowId, numberToDial: "0800" });
const message = "The number must be in E.164 form, for example +18144043093.";

test.each([
  [
    "json",
    `{"responseStatus":{"errorCode":"InvalidNumberToDial","message":"${message}","errors":[{"errorCode":"InvalidNumberToDial","fieldName":"NumberToDial","message":"${message}"}]}}`,
  ],
  [
    "jsv",
    `{responseStatus:{errorCode:InvalidNumberToDial,message:"${message}",errors:[{errorCode:InvalidNumberToDial,fieldName:NumberToDial,message:"${message}"}]}}`,
  ],
  [
    "xml",
    `<?xml version="1.0" encoding="utf-8"?><ErrorResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.servicestack.net/types"><ResponseStatus><ErrorCode>InvalidNumberToDial</ErrorCode><Message>${message}</Message><StackTrace i:nil="true"/><Errors><ResponseError><ErrorCode>InvalidNumberToDial</ErrorCode><FieldName>NumberToDial</FieldName><Message>${message}</Message><Meta i:nil="true"/></ResponseError></Errors><Meta i:nil="true"/></ResponseStatus></ErrorResponse>`,
  ],
])("the body of a refusal in %s", async (format, body) => {
  const { status, text } = await api.ask("manager", "POST", `/sessions/outgoing?format=${format}`, order());
  expect({ status, text }).toEqual({ status: 400, text: body });
});

test("a defect says nothing of itself", async () => {
  const { id } = await api.startCall();
  api.calls.send = () => Promise.reject(new Error("a secret of the house"));
  const { status, text } = await api.ask("manager", "DELETE", `/sessions/${id}`);
  expect(status).toBe(500);
  expect(text).not.toContain("secret");
});

test("while no calls are taken", async () => {
  api.calls.isUnavailable = true;
  const { status, body } = await api.ask("manager", "POST", "/sessions/outgoing", { ...order(), numberToDial: "+12025550100" });
  expect({ status, code: body.responseStatus?.errorCode }).toEqual({ status: 503, code: "ServiceUnavailable" });
});
