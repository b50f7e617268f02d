/**
 * A cloud on this machine: the AWS services that Rollcall uses, as far as it uses them, in one deterministic model. It
 * does no I/O, keeps no clock and draws no randomness of its own; all three are handed in, so that the same seed on a
 * virtual clock gives the same history.
 */
import type { Scheduler } from "../clock.ts";
import type { MachineKind } from "../machines/machine.ts";
import type { Random } from "../random.ts";
import { autoscalingApi } from "./autoscaling/api.ts";
import { Groups } from "./autoscaling/groups.ts";
import { CallLog } from "./calls.ts";
import { AWS_DELAYS, type Delays } from "./delays.ts";
import { ec2Api } from "./ec2/api.ts";
import { Ec2 } from "./ec2/ec2.ts";
import { eventsApi } from "./events/api.ts";
import { Archives } from "./events/archive.ts";
import { Bus, type Targets } from "./events/bus.ts";
import type { CloudFaults } from "./faults.ts";
import type { Stack } from "./formation/stack.ts";
import { iamApi } from "./iam/api.ts";
import type { Surroundings, Tag } from "./iam/demands/demand.ts";
import { Iam } from "./iam/iam.ts";
import { instanceMay, objectDemand, roleOfInstance } from "./iam/node-calls.ts";
import { lambdaApi } from "./lambda/api.ts";
import { Functions } from "./lambda/functions.ts";
import { Balancers } from "./load-balancing/balancers.ts";
import { objectsApi } from "./objects/api.ts";
import { Objects } from "./objects/objects.ts";
import { Queues } from "./queue.ts";
import { quotasApi } from "./quotas.ts";
import { secretsApi } from "./secrets/api.ts";
import { concealed } from "./secrets/sealed.ts";
import { Secrets } from "./secrets/secrets.ts";
import type { Bend, Call, Caller, Gateway, Outcome, Service, ServiceName, View } from "./service.ts";
import { AwsError } from "./service.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { sqsApi } from "./sqs/api.ts";
import { Agents } from "./ssm/agents.ts";
import { ssmApi } from "./ssm/api.ts";
import { Commands } from "./ssm/commands.ts";
import { Documents } from "./ssm/documents.ts";
import { World } from "./world.ts";

export interface CloudOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** What runs the instances. */
  readonly machines: MachineKind;
  readonly region: string;
  /** By default 123456789012. */
  readonly account?: string;
  /** By default AWS_DELAYS. */
  readonly delays?: Delays;
  readonly faults?: CloudFaults;
  /** Roles that may do everything, while all others need policies. By default everybody may, and IAM is off. */
  readonly administrators?: readonly string[];
  /** One line about something worth telling; by default nothing is told. */
  readonly log?: (line: string) => void;
}

export class Cloud implements Gateway {
  readonly calls = new CallLog();
  readonly ec2: Ec2;
  readonly groups: Groups;
  readonly agents: Agents;
  readonly commands: Commands;
  readonly bus: Bus;
  readonly archives: Archives;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly objects: Objects;
  readonly balancers: Balancers;
  readonly iam: Iam;
  /** Tags, by ARN, of resources whose own model keeps none. */
  readonly tags = new Map<string, readonly Tag[]>();
  /** By name. */
  readonly stacks = new Map<string, Stack>();
  readonly region: string;
  readonly account: string;
  readonly #world: World;
  readonly #machines: MachineKind;
  readonly #services = new Map<ServiceName, Service>();

  constructor(options: CloudOptions) {
    const world = new World({
      scheduler: options.scheduler,
      random: options.random,
      region: options.region,
      account: options.account ?? "123456789012",
      delays: options.delays ?? AWS_DELAYS,
      faults: options.faults ?? {},
      log: options.log ?? (() => {}),
    });
    this.#world = world;
    this.region = world.region;
    this.account = world.account;
    this.#machines = options.machines;
    this.queues = new Queues(world);
    this.secrets = new Secrets(world);
    this.objects = new Objects(world);
    this.iam = new Iam({ world, surroundings: surroundingsOf(world, this), administrators: options.administrators });
    this.functions = new Functions(world, this.queues, this.iam);
    this.bus = new Bus(world, this.queues, ruleTargets(this.functions, this.iam));
    world.connect((emission) => this.bus.emit(emission));
    this.archives = new Archives(world, this.bus);
    this.ec2 = new Ec2(world, options.machines);
    this.groups = new Groups(world, this.ec2);
    this.balancers = new Balancers({
      groups: () => this.groups.all(),
      members: (group) => this.groups.members(group),
      instance: (id) => this.ec2.instances.find(id),
    });
    this.agents = new Agents(world, this.ec2.instances, this.iam);
    this.commands = new Commands(world, this.ec2.instances);
    const { instances } = this.ec2;
    const ssm = { instances, agents: this.agents, documents: new Documents(world), commands: this.commands };
    this.register(autoscalingApi(world, this.groups, this.ec2));
    this.register(ec2Api(world, this.ec2));
    this.register(ssmApi(world, ssm));
    this.register(eventsApi(world, this.bus, this.archives));
    this.register(lambdaApi(this.functions));
    this.register(sqsApi(world, this.queues));
    this.register(secretsApi(this.secrets));
    this.register(objectsApi(this.objects));
    this.register(quotasApi());
    this.register(iamApi(world, this.iam));
  }

  register(service: Service): void {
    this.#services.set(service.name, service);
  }

  async call(service: ServiceName, action: string, input: unknown, caller: Caller): Promise<object> {
    const conceals = this.#services.get(service)?.conceals ?? [];
    const shown = concealed(input, conceals);
    const call: Call = { number: this.calls.next, service, action, input: shown, caller, at: this.#world.now() };
    this.calls.begin(call);
    const { faults } = this.#world;
    let bend: Bend;
    try {
      const bending = faults.before?.(call);
      bend = bending instanceof Promise ? await bending : bending;
    } catch (error) {
      this.calls.end(call, { error });
      throw error;
    }
    const outcome = await this.#answer(shown === input ? call : { ...call, input }, bend);
    // What the log keeps is what the call brought about, whatever becomes of its answer on the way back.
    this.calls.end(call, outcome);
    const after = faults.after?.(call, concealed(outcome, conceals));
    if (after instanceof Promise) await after;
    if ("error" in outcome) throw outcome.error;
    return outcome.output;
  }

  /** An instance fetches an archive: whether it may; every archive is taken to be there. */
  instanceMayRead(instance: string, url: string): boolean {
    const needed = objectDemand(url);
    return needed === undefined || instanceMay(this.iam, this.#world, this.ec2.instances.get(instance), [needed]);
  }

  /** The role whose credentials the instance has; undefined where it has none. Throws InvalidInstanceID.NotFound. */
  roleOf(instance: string): string | undefined {
    return roleOfInstance(this.iam, this.#world, this.ec2.instances.get(instance));
  }

  /** A call of the instance's own. Throws what `call` throws, and where the instance has no credentials. */
  async callFrom(instance: string, service: ServiceName, action: string, input: unknown): Promise<object> {
    const role = this.roleOf(instance);
    if (role === undefined) throw new AwsError("NoCredentials", "Unable to locate credentials", 400);
    return this.call(service, action, input, { role });
  }

  /** Everything there is now: for tests, views and the summary. */
  snapshot(): Snapshot {
    return snapshotOf(this);
  }

  /** Nothing happens any more; every machine is destroyed. */
  async close(): Promise<void> {
    this.#world.close();
    await this.#machines.close();
  }

  #viewOf(bend: Bend): View {
    if (!bend) return { asOf: Number.POSITIVE_INFINITY };
    const now = this.#world.now();
    const { staleBy, lag } = bend;
    return { asOf: now - staleBy, ...(lag && { items: (item: string) => now - lag(item) }) };
  }

  async #answer({ service: name, action, input, caller }: Call, bend: Bend): Promise<Outcome> {
    try {
      const service = this.#services.get(name);
      if (!service) throw new AwsError("UnknownOperationException", `The lab's cloud has no service ${name}.`, 404);
      this.iam.authorize({ service: name, action, input, caller });
      const run = service.actions[action];
      if (!run) {
        this.#world.log(`${name}:${action} is not modelled (called by ${caller.role})`);
        throw service.unknownAction(action);
      }
      return { output: await run(input, caller, this.#viewOf(bend)) };
    } catch (error) {
      return { error };
    }
  }
}

/** EventBridge starts a function where there is one that lets the rule in. */
function ruleTargets(functions: Functions, iam: Iam): Targets {
  return {
    invoke(arn, event, rule) {
      if (!functions.has(arn)) return { code: "RESOURCE_NOT_FOUND", message: `Function not found: ${arn}` };
      if (!iam.admits("events.amazonaws.com", "lambda:InvokeFunction", arn, rule)) {
        return { code: "NO_PERMISSIONS", message: `The rule may not perform lambda:InvokeFunction on ${arn}` };
      }
      functions.invokeLater(functions.get(arn), event);
      return undefined;
    },
    admits: (queue, rule) => iam.admits("events.amazonaws.com", "sqs:SendMessage", queue, rule),
  };
}

/** What IAM asks about the resources of a call. */
function surroundingsOf(world: World, cloud: Cloud): Surroundings {
  return {
    arn: (service, resource) => world.arn(service, resource),
    region: world.region,
    group: (name) => cloud.groups.find(name),
    groupOf(instance) {
      const member = cloud.groups.findMember(instance);
      return member && cloud.groups.find(member.group);
    },
    functionOf: (role) => cloud.functions.ofRole(role),
    instance: (id) => cloud.ec2.instances.find(id),
    networkInterface: (id) => cloud.ec2.interfaces.all().find((i) => i.id === id),
    attached: (attachment) => cloud.ec2.interfaces.all().find((i) => i.attachment?.id === attachment),
    secret: (id) => cloud.secrets.find(id),
    object: (bucket, key) => cloud.objects.find(bucket, key),
    tagsOf: (arn) => cloud.tags.get(arn) ?? [],
  };
}
