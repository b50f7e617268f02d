/** Where packets leave a VPC: by a NAT gateway from every subnet, until somebody says otherwise. Nothing is routed here. */
export interface Endpoint {
  readonly id: string;
  readonly vpc: string;
  /** E.g. `com.amazonaws.eu-central-1.secretsmanager`. */
  readonly service: string;
  /** Whether the service's own name leads to it. */
  readonly privateDns: boolean;
}

export interface RouteTable {
  readonly id: string;
  readonly vpc: string;
  /** None: it is the VPC's main one, for those that no other names. */
  readonly subnets: readonly string[];
  /** Where `0.0.0.0/0` leads, e.g. `nat-…` or `igw-…`; absent: nowhere. */
  readonly way?: string;
}

const NAT = "nat-0a1b2c3d4e5f60000";

export class Routing {
  readonly #endpoints: Endpoint[] = [];
  readonly #tables = new Map<string, RouteTable>();

  addEndpoint(endpoint: Endpoint): void {
    this.#endpoints.push(endpoint);
  }

  putTable(table: RouteTable): void {
    this.#tables.set(table.id, table);
  }

  endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** @param vpcs that there are: each has a main table */
  tables(vpcs: ReadonlySet<string>): RouteTable[] {
    const tables = [...this.#tables.values()];
    const without = [...vpcs].filter((vpc) => !tables.some((t) => t.vpc === vpc && t.subnets.length === 0));
    return [...without.map((vpc) => ({ id: vpc.replace("vpc-", "rtb-"), vpc, subnets: [], way: NAT })), ...tables];
  }
}
