/** EC2: instances, network interfaces, subnets, launch templates. */
import type { MachineKind } from "../../machines/machine.ts";
import type { World } from "../world.ts";
import { Instances } from "./instances.ts";
import { Interfaces } from "./interfaces.ts";
import { Routing } from "./routing.ts";
import { Subnets } from "./subnets.ts";
import { LaunchTemplates } from "./templates.ts";

export class Ec2 {
  readonly subnets = new Subnets();
  readonly routing = new Routing();
  readonly interfaces: Interfaces;
  readonly instances: Instances;
  readonly templates: LaunchTemplates;

  constructor(world: World, machines: MachineKind) {
    this.interfaces = new Interfaces(world, this.subnets, {
      get: (id) => this.instances.get(id),
      machine: (id) => this.instances.machine(id),
    });
    this.instances = new Instances(world, machines, this.interfaces);
    this.templates = new LaunchTemplates(world);
  }
}
