/** Shows the cluster as it is now, again and again. */
import type { RoleName } from "../../shared/cluster/definition.ts";
import type { Lab } from "../lab.ts";
import type { View } from "../view.ts";
import type { Observer } from "./observe.ts";

/** Between two looks, ms. */
const REFRESH = 300;

export interface Screen {
  latest(): readonly { role: RoleName; address?: string; scaling: string }[];
  stop(): Promise<void>;
}

/** Keeps the view up to date until it is stopped; `acknowledged`: messages so far, where any flow. */
export function keepShowing(
  lab: Lab,
  view: View,
  observer: Observer,
  acknowledged: () => number | undefined = () => undefined,
): Screen {
  let latest: Awaited<ReturnType<Observer["observe"]>>["nodes"] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      try {
        const { nodes, contents } = await observer.observe();
        latest = nodes;
        const messages = acknowledged();
        const { turn } = contents;
        view.show({
          at: lab.clock.now(),
          cluster: lab.definition.cluster,
          nodes,
          notes: [
            ...(messages === undefined ? [] : [`${messages.toLocaleString("en-US")} messages acknowledged`]),
            ...(turn ? [`the turn is ${turn.role} ${turn.id}'s: ${turn.reason}`] : []),
          ],
        });
      } catch (error) {
        view.warn(`the view is behind: ${error instanceof Error ? error.message : String(error)}`);
      }
      await lab.clock.wait(REFRESH);
    }
  })();
  return {
    latest: () => latest,
    stop: () => {
      stopped = true;
      return loop;
    },
  };
}
