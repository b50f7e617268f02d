/** What every wire protocol does for the door: one implementation per protocol, one instance per service. */
import type { AwsError } from "../cloud/service.ts";
import type { Operation } from "./shapes.ts";
import type { Misfit, WireRequest, WireResponse } from "./wire.ts";

export interface Protocol {
  /** Whether a request looks like one for this service: the only way to tell where it bears no signature. */
  owns(request: WireRequest): boolean;
  open(request: WireRequest): OpenedRequest;
  /** Throws Misfit where the output is not what the operation answers. */
  answer(operation: Operation, output: object, requestId: string): WireResponse;
  refuse(error: AwsError, requestId: string): WireResponse;
  /** The service's own errors for what never reaches it. */
  readonly own: {
    /** There is no Authorization header, or none that can be read. */
    unsigned(): AwsError;
    misfit(misfit: Misfit): AwsError;
    /** The lab itself is at fault. */
    broken(message: string): AwsError;
  };
}

export interface OpenedRequest {
  /** The action's name, whether or not the service has such a one. */
  readonly action: string;
  /** Throws Misfit. */
  input(operation: Operation): unknown;
}
