/** The forms of a CloudFormation template, and the few intrinsic functions that the stack uses. */

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  /** What happens to it when the stack is deleted, or when it is replaced; absent: it goes. */
  readonly DeletionPolicy?: "Retain";
  readonly UpdateReplacePolicy?: "Retain";
}

/** By logical id. */
export type Resources = Readonly<Record<string, Resource>>;

export interface Output {
  readonly Description: string;
  readonly Value: unknown;
}

export interface Template {
  readonly AWSTemplateFormatVersion: "2010-09-09";
  readonly Description: string;
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, Output>>;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const ref = (logicalId: string) => ({ Ref: logicalId });
export const getAtt = (logicalId: string, attribute: string) => ({ "Fn::GetAtt": [logicalId, attribute] });
/** `${AWS::Region}` and the like are put in by CloudFormation. */
export const sub = (text: string) => ({ "Fn::Sub": text });

/** A logical id of words such as `broker` and `eu-central-1a`: `BrokerEuCentral1a`. */
export function logicalId(...words: readonly string[]): string {
  return words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}
