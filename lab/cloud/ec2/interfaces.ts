/** Elastic network interfaces: primary ones, which live with their instance, and those with an address for good. */
import type { Machine } from "../../machines/machine.ts";
import { AwsError } from "../service.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";
import type { Subnet, Subnets } from "./subnets.ts";
import type { Tag } from "./tags.ts";

export interface Attachment {
  readonly id: string;
  readonly instance: string;
  readonly status: "attaching" | "attached" | "detaching";
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
  /** ms since the epoch. */
  readonly since: number;
}

export interface NetworkInterface {
  readonly id: string;
  readonly subnet: Subnet;
  readonly address: string;
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly attachment?: Attachment;
}

export type InterfaceStatus = "available" | "attaching" | "in-use" | "detaching";

export function statusOf({ attachment }: NetworkInterface): InterfaceStatus {
  if (!attachment) return "available";
  return attachment.status === "attached" ? "in-use" : attachment.status;
}

/** What interfaces are attached to. */
export interface Hosts {
  /** Throws InvalidInstanceID.NotFound. */
  get(id: string): { readonly type: string; readonly state: string; readonly subnet: Subnet };
  machine(id: string): Machine | undefined;
}

export class Interfaces {
  readonly #world: World;
  readonly #subnets: Subnets;
  readonly #hosts: Hosts;
  readonly #interfaces: Timeline<NetworkInterface>;

  constructor(world: World, subnets: Subnets, hosts: Hosts) {
    this.#world = world;
    this.#subnets = subnets;
    this.#hosts = hosts;
    this.#interfaces = new Timeline(() => world.now());
  }

  all(asOf?: number): readonly NetworkInterface[] {
    return this.#interfaces.values(asOf);
  }

  /** Throws InvalidNetworkInterfaceID.NotFound. */
  get(id: string, asOf?: number): NetworkInterface {
    const found = this.#interfaces.get(id, asOf);
    if (found) return found;
    throw new AwsError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
  }

  of(instance: string, asOf?: number): NetworkInterface[] {
    return this.all(asOf).filter((i) => i.attachment?.instance === instance);
  }

  /** Throws InvalidIPAddress.InUse, or InvalidParameterValue where the address is not the subnet's. */
  create(subnet: Subnet, address: string | undefined, description: string, tags: readonly Tag[]): NetworkInterface {
    if (address !== undefined) {
      this.#subnets.mustContain(subnet, address);
      if (this.#taken(subnet, address)) {
        throw new AwsError("InvalidIPAddress.InUse", `The specified IP address ${address} is already in use.`);
      }
    }
    const created: NetworkInterface = {
      id: this.#world.id("eni"),
      subnet,
      address: address ?? this.#subnets.free(subnet, (a) => this.#taken(subnet, a)),
      description,
      tags,
    };
    this.#interfaces.set(created.id, created);
    return created;
  }

  /** The interface an instance is born with; answers its address. */
  createPrimary(subnet: Subnet, instance: string): string {
    const primary = this.create(subnet, undefined, "", []);
    this.#attachment(primary, {
      id: this.#world.id("eni-attach"),
      instance,
      status: "attached",
      deviceIndex: 0,
      deleteOnTermination: true,
      since: this.#world.now(),
    });
    return primary.address;
  }

  /** These tags, and no others. Throws InvalidNetworkInterfaceID.NotFound. */
  tag(id: string, tags: readonly Tag[]): void {
    this.#interfaces.set(id, { ...this.get(id), tags });
  }

  /** Throws InvalidParameterValue while it is attached. */
  remove(id: string): void {
    const { attachment } = this.get(id);
    if (attachment) throw new AwsError("InvalidParameterValue", `Network interface '${id}' is currently in use.`);
    this.#interfaces.delete(id);
  }

  /**
   * Answers the attachment's id at once; it is attached a little later. Throws
   * - InvalidNetworkInterfaceID.NotFound, InvalidInstanceID.NotFound
   * - InvalidNetworkInterface.InUse: attached, or not detached from its last instance yet
   * - IncorrectState: the instance is not running
   * - InvalidParameterCombination: another zone
   * - InvalidParameterValue: something else is at that device index
   * - AttachmentLimitExceeded
   */
  attach(id: string, instanceId: string, deviceIndex: number): string {
    const found = this.get(id);
    const instance = this.#hosts.get(instanceId);
    if (found.attachment) throw new AwsError("InvalidNetworkInterface.InUse", `Interface: [${id}] in use.`);
    if (instance.state !== "running") {
      throw new AwsError("IncorrectState", `Instance '${instanceId}' is not 'running' or 'stopped'.`);
    }
    if (instance.subnet.zone !== found.subnet.zone) {
      throw new AwsError(
        "InvalidParameterCombination",
        "You may not attach a network interface to an instance if they are not in the same availability zone",
      );
    }
    const others = this.of(instanceId);
    if (others.some((other) => other.attachment?.deviceIndex === deviceIndex)) {
      throw new AwsError(
        "InvalidParameterValue",
        `Instance '${instanceId}' already has an interface attached at device index '${deviceIndex}'.`,
      );
    }
    const limit = attachmentLimit(instance.type);
    if (others.length >= limit) {
      throw new AwsError(
        "AttachmentLimitExceeded",
        `Interface count ${others.length + 1} exceeds the limit for ${instance.type}`,
      );
    }
    const attachment: Attachment = {
      id: this.#world.id("eni-attach"),
      instance: instanceId,
      status: "attaching",
      deviceIndex,
      // EC2's default for an interface that was attached, not launched with.
      deleteOnTermination: false,
      since: this.#world.now(),
    };
    this.#attachment(found, attachment);
    this.#world.after(this.#world.delays.ec2.attach, () => {
      const now = this.#interfaces.get(id);
      if (now?.attachment?.id !== attachment.id || now.attachment.status !== "attaching") return;
      this.#attachment(now, { ...now.attachment, status: "attached" });
      this.#hosts.machine(instanceId)?.plug(now.address);
    });
    return attachment.id;
  }

  /** Throws InvalidAttachmentID.NotFound, or OperationNotPermitted for a primary interface. */
  detach(attachmentId: string): void {
    const found = this.#attachedBy(attachmentId);
    if (found.attachment.deviceIndex === 0) {
      throw new AwsError(
        "OperationNotPermitted",
        "The network interface at device index 0 and network card index 0 cannot be detached.",
      );
    }
    if (found.attachment.status === "detaching") return;
    this.#attachment(found, { ...found.attachment, status: "detaching" });
    this.#hosts.machine(found.attachment.instance)?.unplug(found.address);
    this.#world.after(this.#world.delays.ec2.detach, () => {
      const now = this.#interfaces.get(found.id);
      if (now?.attachment?.id === attachmentId) this.#free(now);
    });
  }

  /** Throws InvalidAttachmentID.NotFound where that attachment is not that interface's. */
  keep(id: string, attachmentId: string, deleteOnTermination: boolean): void {
    this.get(id);
    const found = this.#attachedBy(attachmentId);
    if (found.id !== id) throw unknownAttachment(attachmentId);
    this.#attachment(found, { ...found.attachment, deleteOnTermination });
  }

  /** The instance is really gone: only now its interfaces are free, or gone with it. */
  release(instance: string): void {
    for (const found of this.of(instance)) {
      if (found.attachment?.deleteOnTermination) this.#interfaces.delete(found.id);
      else this.#free(found);
    }
  }

  #attachedBy(attachmentId: string): NetworkInterface & { readonly attachment: Attachment } {
    for (const found of this.all()) {
      if (found.attachment?.id === attachmentId) return { ...found, attachment: found.attachment };
    }
    throw unknownAttachment(attachmentId);
  }

  #attachment(to: NetworkInterface, attachment: Attachment): void {
    this.#interfaces.set(to.id, { ...to, attachment });
  }

  #free({ attachment: _, ...rest }: NetworkInterface): void {
    this.#interfaces.set(rest.id, rest);
  }

  #taken(subnet: Subnet, address: string): boolean {
    return this.all().some((i) => i.address === address && i.subnet.vpc === subnet.vpc);
  }
}

function unknownAttachment(id: string): AwsError {
  return new AwsError("InvalidAttachmentID.NotFound", `The attachment '${id}' does not exist.`);
}

/** Interfaces an instance may have, by the usual rule of the general purpose families. */
function attachmentLimit(type: string): number {
  const size = type.split(".")[1] ?? "";
  if (/^(nano|micro)$/.test(size)) return 2;
  if (/^(small|medium|large)$/.test(size)) return 3;
  return /^2?xlarge$/.test(size) ? 4 : 8;
}
