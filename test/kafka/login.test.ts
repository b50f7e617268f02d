import { expect, test } from "vitest";
import { observerLogin } from "../../shared/kafka/login.ts";

/** Secrets Manager with those values, which tells what was read. */
function secrets(values: Record<string, unknown>) {
  const read: string[] = [];
  return {
    read,
    values,
    port: {
      async read(id: string) {
        read.push(id);
        if (!(id in values)) throw new Error(`no secret ${id}`);
        return values[id];
      },
    },
  };
}

test("the observer's password, read once and kept", async () => {
  const { port, read } = secrets({ obs: { password: "p1" } });
  const source = observerLogin(port, { observer: "obs" });
  expect(await source.current()).toEqual({ username: "rollcall-observer", password: "p1" });
  expect(await source.current()).toBe(await source.current());
  expect(read).toEqual(["obs"]);
});

test("with TLS the authority too, of its own secret", async () => {
  const { port } = secrets({ obs: { password: "p1" }, ca: { authority: "PEM" } });
  const source = observerLogin(port, { observer: "obs", authority: "ca" });
  expect(await source.current()).toEqual({ username: "rollcall-observer", password: "p1", authority: "PEM" });
});

test("what was refused is read again, once for all who were", async () => {
  const { port, read, values } = secrets({ obs: { password: "p1" } });
  const source = observerLogin(port, { observer: "obs" });
  const refused = await source.current();
  expect(await source.renewed(refused)).toBe(refused);
  values.obs = { password: "p2" };
  const [one, two] = await Promise.all([source.renewed(await source.current()), source.current()]);
  expect(one.password).toBe("p2");
  expect([two.password, (await source.current()).password]).toContain("p2");
  const before = read.length;
  expect(await source.renewed(refused)).toMatchObject({ password: "p2" });
  expect(read).toHaveLength(before);
});

test.each([[{}], [null], ["p1"], [{ password: 7 }], [{ password: "" }]])(
  "throws without a password in %j, naming the secret",
  async (value) => {
    const source = observerLogin(secrets({ obs: value }).port, { observer: "obs" });
    await expect(source.current()).rejects.toThrow('secret obs has no "password"');
  },
);

test("a secret that could not be read is read again the next time", async () => {
  const { port, values } = secrets({});
  const source = observerLogin(port, { observer: "obs" });
  await expect(source.current()).rejects.toThrow("no secret obs");
  values.obs = { password: "p1" };
  expect(await source.current()).toMatchObject({ password: "p1" });
});
