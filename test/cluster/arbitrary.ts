import fc from "fast-check";
import { ipv4Text } from "../../shared/cluster/ipv4.ts";

/** The definition's keys. */
export const SECTIONS = [
  "cluster",
  "region",
  "zones",
  "network",
  "kafka",
  "nodes",
  "roles",
  "loadBalancer",
  "safety",
  "security",
  "periods",
  "retention",
  "alarms",
] as const;

const id = (kind: string): fc.Arbitrary<string> =>
  fc.stringMatching(/^([0-9a-f]{8}|[0-9a-f]{17})$/).map((hex) => `${kind}-${hex}`);

const block = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 32 }))
  .map(([address, prefix]) => `${ipv4Text(address - (address % 2 ** (32 - prefix)))}/${prefix}`);

const archive = fc.record({
  url: fc.oneof(
    fc.stringMatching(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,20}[a-z0-9](\/[A-Za-z0-9._-]{1,9}){1,3}\/kafka\.tgz$/),
    fc.stringMatching(/^https:\/\/[a-z]{1,9}\.example(:[1-9]\d{0,3})?(\/[A-Za-z0-9._~-]{1,9}){1,3}\/kafka_2\.13\.tgz$/),
  ),
  sha512: fc.stringMatching(/^[0-9a-f]{128}$/),
});

const volume = fc.oneof(
  fc.record(
    {
      size: fc.integer({ min: 160, max: 65_536 }),
      type: fc.constantFrom("gp3", null),
      iops: fc.integer({ min: 8000, max: 80_000 }),
      throughput: fc.integer({ min: 125, max: 2000 }),
    },
    { requiredKeys: ["size", "iops"] },
  ),
  fc.record({ type: fc.constant("gp3"), size: fc.integer({ min: 1, max: 65_536 }) }, { requiredKeys: [] }),
  fc.record({
    type: fc.constant("io2"),
    size: fc.integer({ min: 256, max: 65_536 }),
    iops: fc.integer({ min: 100, max: 256_000 }),
  }),
);

const userName = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/).filter((name) => !name.startsWith("rollcall-"));
const secretId = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9_+=.@-]{1,9}(\/[A-Za-z0-9_+=.@-]{1,9}){0,2}$/),
    fc.constant("arn:aws:secretsmanager:eu-central-1:111122223333:secret:kafka/app-AbCdEf"),
  )
  .filter((id) => !id.startsWith("rollcall/"));

const resourceName = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), fc.constant("*"));
const named = (key: string, operations: readonly string[]) =>
  fc.record({
    what: resourceName.map((name) => ({ [key]: name })),
    operations: fc.subarray([...operations], { minLength: 1 }),
  });
const acl = fc
  .record({
    about: fc.oneof(
      named("topic", ["all", "read", "write", "create", "delete", "alter", "describe", "describe-configs"]),
      named("group", ["read", "delete", "describe"]),
      named("transactionalId", ["all", "write", "describe"]),
      fc.record({
        what: fc.constant({ cluster: true }),
        operations: fc.subarray(["create", "describe", "idempotent-write", "alter-configs"], { minLength: 1 }),
      }),
    ),
    permission: fc.constantFrom("allow", "deny"),
    pattern: fc.constantFrom("literal", "prefixed", null, undefined),
    host: fc.constantFrom("*", "10.0.0.1", null, undefined),
  })
  .map(({ about: { what, operations }, permission, pattern, host }) => {
    const prefixes = pattern !== "prefixed" || !("cluster" in what || Object.values(what).includes("*"));
    return {
      ...what,
      [permission]: operations,
      ...(prefixes && pattern !== undefined ? { pattern } : {}),
      ...(host === undefined ? {} : { host }),
    };
  });

const users = (acls: boolean) =>
  fc.uniqueArray(
    fc.record(
      {
        name: userName,
        secret: fc.option(secretId, { nil: null }),
        ...(acls ? { acls: fc.array(acl, { maxLength: 4 }) } : {}),
      },
      { requiredKeys: ["name"] },
    ),
    { selector: ({ name }) => name, maxLength: 4 },
  );

/** With a certificate, which KRaft needs. */
const security = fc.oneof(
  fc.record(
    {
      sasl: fc.constant("scram-sha-512"),
      acl: fc.constantFrom(true, null),
      superUsers: fc.uniqueArray(userName, { maxLength: 3 }),
      users: users(true),
      certificate: secretId.map((id) => `${id}-c`),
      authority: secretId.map((id) => `${id}-a`),
      encrypt: fc.constantFrom(true, false, null),
      generation: fc.integer({ min: 1, max: 9999 }),
    },
    { requiredKeys: ["sasl", "certificate", "authority"] },
  ),
  fc.record({
    sasl: fc.constant("scram-sha-512"),
    acl: fc.constant(false),
    certificate: fc.constant("orders/certificate"),
    authority: secretId.map((id) => `${id}-a`),
    users: users(false),
  }),
);

/** What users may write, as a JSON value: any sound definition, with any of the optional keys left out. */
export const WRITTEN = fc
  .record({
    cluster: fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/),
    shape: fc.constantFrom({ zones: 3, perZone: 1 }, { zones: 1, perZone: 3 }, { zones: 5, perZone: 1 }),
    mode: fc.constantFrom("kraft", "kraft", "zookeeper"),
    security: fc.option(security, { nil: undefined }),
    certified: fc.boolean(),
    supervisor: fc.constantFrom(
      undefined,
      null,
      { kind: "systemd" },
      { kind: "exhibitor", bucket: "orders-zookeeper", key: "exhibitor/orders.properties" },
    ),
    prefix: fc.integer({ min: 20, max: 26 }),
    brokersPerZone: fc.integer({ min: 3, max: 6 }),
    firstBroker: fc.integer({ min: 0, max: 1000 }),
    pooledBrokers: fc.boolean(),
    gaps: fc.boolean(),
    spare: fc.integer({ min: 0, max: 3 }),
    settings: fc.dictionary(
      fc.stringMatching(/^x(\.[a-z]{1,5}){1,3}$/),
      fc.oneof(
        fc.string(),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e9, min: -1e9 }),
      ),
    ),
    heap: fc.option(fc.integer({ min: 64, max: 65_536 }), { nil: undefined }),
    ownName: fc.option(fc.stringMatching(/^g-[A-Za-z0-9._-]{0,60}$/), { nil: undefined }),
    network: fc.record({
      vpc: id("vpc"),
      clients: fc.uniqueArray(fc.oneof(block, id("sg")), { maxLength: 50, size: "max" }),
    }),
    image: id("ami"),
    archive,
    nodes: fc.constantFrom("image", "archive", "both"),
    volumes: fc.record(
      { quorum: fc.option(volume, { nil: null }), broker: fc.option(volume, { nil: null }) },
      { requiredKeys: [] },
    ),
    watch: fc.record(
      {
        loadBalancer: fc.option(fc.boolean(), { nil: null }),
        retention: fc.option(
          fc.record(
            { logs: fc.constantFrom(1, 14, 30, 731, 3653), events: fc.integer({ min: 1, max: 3653 }) },
            { requiredKeys: [] },
          ),
          { nil: null },
        ),
        alarms: fc.option(
          fc.uniqueArray(
            fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/).map((name) => `arn:aws:sns:eu-central-1:111122223333:${name}`),
            { maxLength: 5 },
          ),
          { nil: null },
        ),
      },
      { requiredKeys: [] },
    ),
    ignoreTopics: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/), { maxLength: 4 }),
    periods: fc.option(
      fc.record(
        {
          sweep: fc.integer({ min: 100, max: 60_000 }).map((ms) => ms / 1000),
          heartbeat: fc.integer({ min: 1800, max: 7200 }),
          silentGrace: fc.integer({ min: 180_000, max: 172_800_000 }).map((ms) => ms / 1000),
        },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
  })
  .map((given) => {
    const names = Array.from({ length: given.shape.zones }, (_, i) => `eu-central-1${"abcde"[i]}`);
    const size = 2 ** (32 - given.prefix);
    const base = (zone: number): number => 10 * 2 ** 24 + zone * size;
    const pool = (perZone: number, firstId: number, firstAddress: number): object[] =>
      names.flatMap((zone, z) =>
        Array.from({ length: perZone }, (_, i) => ({
          id: firstId + z * perZone + i,
          zone,
          address: ipv4Text(base(z) + firstAddress + i),
        })),
      );
    const brokers = given.brokersPerZone * names.length + given.spare;
    const range = { from: given.firstBroker, to: given.firstBroker + brokers - 1 };
    const listed = Array.from({ length: brokers }, (_, i) => given.firstBroker + 2 * i).reverse();
    const ids = given.gaps ? listed : range;
    const volumeOf = (role: "quorum" | "broker"): object =>
      given.volumes[role] === undefined ? {} : { volume: given.volumes[role] };
    const onZookeeper = given.mode === "zookeeper";
    const quorum = {
      perZone: given.shape.perZone,
      instanceType: "t4g.small",
      // An ensemble has no spare addresses.
      addresses: onZookeeper ? pool(given.shape.perZone, 1, 10) : pool(given.shape.perZone + given.spare, 5000, 10),
      ...volumeOf("quorum"),
      ...(given.heap === undefined ? {} : { heap: given.heap }),
    };
    // An ensemble's brokers speak no TLS among themselves but where they are told to.
    const secured =
      onZookeeper && !given.certified
        ? { ...given.security, certificate: null, authority: null, encrypt: null }
        : given.security;
    return {
      cluster: given.cluster,
      region: "eu-central-1",
      zones: names.map((name, z) => ({
        name,
        subnet: `subnet-0000000${z}`,
        cidr: `${ipv4Text(base(z))}/${given.prefix}`,
      })),
      network: given.network,
      kafka: onZookeeper
        ? { version: "3.9.2", mode: "zookeeper", settings: given.settings }
        : { version: "4.3.1", settings: given.settings },
      nodes: {
        // No archive brings Exhibitor.
        ...(given.nodes === "archive" && given.supervisor?.kind !== "exhibitor" ? {} : { image: given.image }),
        ...(given.nodes === "image" ? {} : { archive: given.archive }),
      },
      roles: {
        ...(onZookeeper
          ? { zookeeper: given.supervisor === undefined ? quorum : { ...quorum, supervisor: given.supervisor } }
          : { controller: quorum }),
        broker: {
          perZone: given.brokersPerZone,
          instanceType: "m7g.large",
          ...(given.pooledBrokers ? { addresses: pool(given.brokersPerZone, 100, 40) } : { ids }),
          ...volumeOf("broker"),
          ...(given.ownName === undefined ? {} : { groups: { "eu-central-1a": given.ownName } }),
        },
      },
      ...given.watch,
      safety: { ignoreTopics: given.ignoreTopics },
      ...(given.security === undefined ? {} : { security: secured }),
      ...(given.periods === undefined ? {} : { periods: given.periods }),
    };
  });
