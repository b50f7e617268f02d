/** What nodes speak TLS with is renewed while clients write: their certificate, and whom everybody believes. */
import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Definition } from "../../shared/cluster/definition.ts";
import { isQuorum, kindOf } from "../../shared/cluster/role-kinds.ts";
import { makeAuthority } from "../certificates.ts";
import type { Lab } from "../lab.ts";
import { agreed } from "./agreed.ts";
import { refusalsIn } from "./refusals.ts";
import { deploy, everywhere, type RollOut } from "./roll-out.ts";
import { secretOf, trusted } from "./security.ts";

export interface RenewalFindings {
  /** How many speak TLS. */
  readonly servers: number;
  /** Which certificate they show, and are believed by: `renewed`, `former`, or what else happened; one word where all agree. */
  readonly certificate: string;
  /** Where another authority took over as well. */
  readonly authority?: AuthorityFindings;
}

export interface AuthorityFindings {
  /** From the first of its three deployments until every node had the last, s. */
  readonly seconds: number;
  /** What comes of a client that believes the former authority alone: `ok`, `refused`, or what else happened. */
  readonly former: string;
  /** The same for the present one. */
  readonly present: string;
  /** Times that a node was refused by another meanwhile. */
  readonly refusals: number;
}

/** What it comes to where all goes as it must. */
export const RENEWED = {
  certificate: "renewed",
  authority: { former: "refused", present: "ok", refusals: 0 },
} as const;

/** Of the certificate and its like; answers what came of it, once it has been rolled out. */
export interface Renewal {
  look(): Promise<RenewalFindings>;
}

/** Ms. */
const CONNECT_LIMIT = 3_000;

/**
 * Puts another certificate of the same authority into the secret that has the present one. Nodes have it with the next generation
 * of their password. Undefined where they have none.
 *
 * @throws {Error} where a server shows another certificate than the present one: then the end would show nothing
 */
export async function renewCertificate(lab: Lab): Promise<Renewal | undefined> {
  const { authority, clock, definition } = lab;
  const id = definition.security?.certificate;
  if (!authority || id === undefined) return undefined;
  const former = (await secretOf(lab, id)).certificate ?? "";
  const renewed = await authority.issue(clock.now());
  const servers = async (): Promise<readonly string[]> => {
    const shown = await shownBy(await serversOf(lab), authority.authority);
    const names = new Map([
      [fingerprint(former), "former"],
      [fingerprint(renewed.certificate), "renewed"],
    ]);
    return shown.map((one) => names.get(one) ?? one);
  };
  const before = agreed(await servers());
  if (before !== "former") throw new Error(`servers show another certificate than they were given: ${before}`);
  await put(lab, "PutSecretValue", { SecretId: id }, renewed);
  return {
    async look() {
      const shown = await servers();
      return { servers: shown.length, certificate: agreed(shown) };
    },
  };
}

export interface Succession extends RollOut {
  /** Clients believe these authorities from now on, PEM after PEM. */
  readonly believe: (authorities: string) => void;
}

/**
 * Another authority takes over, in three deployments: first both are believed, then it signs the certificate, then it alone is
 * believed; by clients, too.
 *
 * @throws {Overdue} naming what every node was waiting for
 */
export async function changeAuthority(succession: Succession): Promise<AuthorityFindings> {
  const { lab, folder, believe } = succession;
  const { clock, definition } = lab;
  const { certificate, authority } = definition.security ?? {};
  const former = (await trusted(lab)).authority;
  if (certificate === undefined || authority === undefined || former === undefined)
    throw new Error(`the nodes of ${definition.cluster} have no certificate`);
  const began = clock.now();
  const refused = refusalsIn(folder);
  const successor = await makeAuthority(definition.cluster, began, undefined, "second authority");
  const both = `${former}${successor.authority}`;
  const made = {
    both: `${authority}-both`,
    certificate: `${certificate}-second`,
    alone: `${authority}-second`,
  };
  await put(lab, "CreateSecret", { Name: made.both }, { authority: both });
  await put(lab, "CreateSecret", { Name: made.certificate }, await successor.issue(began));
  await put(lab, "CreateSecret", { Name: made.alone }, { authority: successor.authority });

  await rollOut(succession, { authority: made.both });
  believe(both);
  await rollOut(succession, { certificate: made.certificate });
  await rollOut(succession, { authority: made.alone });
  believe(successor.authority);

  const seconds = (clock.now() - began) / 1000;
  const refusals = refusalsIn(folder) - refused;
  const attempts = async (believed: string): Promise<string> =>
    agreed((await shownBy(await serversOf(lab), believed)).map((one) => (FINGERPRINT.test(one) ? "ok" : one)));
  return { seconds, former: await attempts(former), present: await attempts(successor.authority), refusals };
}

async function rollOut(
  { lab, template }: RollOut,
  change: Pick<NonNullable<Definition["security"]>, "authority" | "certificate">,
): Promise<void> {
  const { definition } = lab;
  if (!definition.security) throw new Error(`${definition.cluster} has no security to change`);
  await deploy({ lab, template }, { ...definition, security: { ...definition.security, ...change } });
  await everywhere(lab);
}

async function put(lab: Lab, action: string, named: object, content: object): Promise<void> {
  await lab.operate("secretsmanager", action, { ...named, SecretString: JSON.stringify(content) });
}

/** `host:port` of every node that speaks TLS. */
async function serversOf({ definition, table }: Lab): Promise<string[]> {
  const { rosters } = await table.readAll();
  return definition.roles
    .filter((role) => kindOf(role).runs === "kafka" && (isQuorum(role) || definition.security?.encrypt))
    .flatMap((role) =>
      [...(rosters.get(role.name)?.members.values() ?? [])]
        .filter(({ owner }) => owner !== undefined)
        .map(({ address }) => `${address}:${kindOf(role).port}`),
    );
}

const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/;

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

/**
 * What each server shows to a client that believes those authorities alone: its certificate's fingerprint, `refused` where the
 * client does not believe it, or what else happened.
 */
export function shownBy(servers: readonly string[], authorities: string): Promise<string[]> {
  return Promise.all(servers.map((server) => shown(server, authorities)));
}

/** OpenSSL's words for a certificate that none of those authorities has signed, by what the server sent along. */
const NOT_BELIEVED =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN)$/;

function shown(server: string, authorities: string): Promise<string> {
  const colon = server.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({
      host: server.slice(0, colon),
      port: Number(server.slice(colon + 1)),
      ca: authorities,
      // Nodes are reached by addresses, which certificates do not name: the authority vouches for them.
      checkServerIdentity: () => undefined,
    });
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_LIMIT, () => end(`${server} does not answer`));
    socket.once("secureConnect", () => end(socket.getPeerX509Certificate()?.fingerprint256 ?? "no certificate"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(NOT_BELIEVED.test(error.code ?? "") ? "refused" : error.message),
    );
  });
}
