import type { AwsError, Caller, Gateway, Service } from "../../../lab/cloud/service.ts";

export interface SeenCall {
  readonly service: string;
  readonly action: string;
  readonly input: unknown;
  readonly caller: Caller;
}

export interface FakeCloud extends Gateway {
  readonly seen: SeenCall[];
}

type Reply = (call: SeenCall) => Promise<object> | object;

/** A cloud that writes down what reaches it and answers what the test says. */
export function fakeCloud(reply: Reply = () => ({})): FakeCloud {
  const seen: SeenCall[] = [];
  const services = new Map<string, Service>();
  return {
    seen,
    async call(service, action, input, caller) {
      const call = { service, action, input, caller };
      seen.push(call);
      const registered = services.get(service);
      if (!registered) return reply(call);
      const run = registered.actions[action];
      if (!run) throw registered.unknownAction(action);
      return run(input, caller, { asOf: 0 });
    },
    register: (service) => services.set(service.name, service),
  };
}

export const refusing = (error: AwsError): FakeCloud =>
  fakeCloud(() => {
    throw error;
  });
