/** Service Quotas, as far as it is modelled: a new account's numbers, until somebody sets others. */
import type { GetServiceQuotaCommandOutput } from "@aws-sdk/client-service-quotas";
import * as v from "valibot";
import { type Answer, AwsError, action, type Service } from "./service.ts";

/** By `service/code`. */
const QUOTAS: Readonly<Record<string, readonly [name: string, value: number]>> = {
  "ec2/L-1216C47A": ["Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64],
  "vpc/L-DF5E4CA3": ["Network interfaces per Region", 5000],
};

export function quotasApi(): Service {
  return {
    name: "servicequotas",
    actions: {
      GetServiceQuota: action(
        v.strictObject({ ServiceCode: v.string(), QuotaCode: v.string() }),
        (reason) => new AwsError("IllegalArgumentException", reason),
        ({ ServiceCode, QuotaCode }): Answer<GetServiceQuotaCommandOutput> => {
          const found = QUOTAS[`${ServiceCode}/${QuotaCode}`];
          if (!found)
            throw new AwsError("NoSuchResourceException", `The lab knows no quota ${ServiceCode}/${QuotaCode}.`);
          const [QuotaName, Value] = found;
          return { Quota: { ServiceCode, QuotaCode, QuotaName, Value, Unit: "None", Adjustable: true } };
        },
      ),
    },
    unknownAction: (name) =>
      new AwsError("UnknownOperationException", `The lab's Service Quotas does not model ${name}.`),
  };
}
