import * as v from "valibot";
import { kind } from "../kind.ts";
import { tags, text } from "../scalars.ts";

const properties = v.strictObject({
  Name: v.optional(text),
  Content: v.union([text, v.record(v.string(), v.unknown())]),
  DocumentType: v.literal("Command"),
  DocumentFormat: v.optional(v.literal("JSON")),
  TargetType: v.optional(v.literal("/AWS::EC2::Instance")),
  UpdateMethod: v.optional(v.picklist(["Replace", "NewVersion"]), "Replace"),
  VersionName: v.optional(text),
  Tags: tags,
});

function contentOf({ Content }: v.InferOutput<typeof properties>): string {
  return typeof Content === "string" ? Content : JSON.stringify(Content);
}

export const ssmDocument = kind({
  type: "AWS::SSM::Document",
  properties,
  createOnly: ["Name", "DocumentType"],
  async create(site, given) {
    const { Name = site.generatedName, DocumentType, DocumentFormat, TargetType, Tags } = given;
    const Content = contentOf(given);
    await site.call("ssm", "CreateDocument", { Name, Content, DocumentType, DocumentFormat, TargetType });
    site.cloud.tags.set(site.arn("ssm", `document/${Name}`), Tags);
    return { ref: Name };
  },
  /** A new version is the default from then on. */
  async update(site, made, given, before) {
    if (given.UpdateMethod === "Replace") {
      throw new Error(`${made.ref}: a document with a name of its own cannot be replaced; use UpdateMethod NewVersion`);
    }
    if (contentOf(given) === contentOf(before)) return made;
    const answer = await site.call("ssm", "UpdateDocument", {
      Name: made.ref,
      Content: contentOf(given),
      DocumentVersion: "$LATEST",
      DocumentFormat: given.DocumentFormat,
    });
    const { DocumentDescription } = answer as { DocumentDescription: { DocumentVersion: string } };
    const { DocumentVersion } = DocumentDescription;
    await site.call("ssm", "UpdateDocumentDefaultVersion", { Name: made.ref, DocumentVersion });
    return made;
  },
  async remove(site, { ref }) {
    await site.call("ssm", "DeleteDocument", { Name: ref });
  },
});
