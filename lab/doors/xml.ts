/** Answers of the query protocols as XML. Maps and flattened lists are in none of the APIs here. */
import { expectList, membersOf } from "./fit.ts";
import type { Shape, Structure } from "./shapes.ts";
import { formatText } from "./text.ts";
import { at, Misfit } from "./wire.ts";

/** The members of an answer as elements, without an element around them. */
export function toXml(shape: Structure, value: unknown, path = ""): string {
  return membersOf(shape, value, path)
    .map(([{ name, traits, shape }, item]) => element(traits.xmlName ?? name, content(shape, item, at(path, name))))
    .join("");
}

export function element(name: string, content: string): string {
  return content === "" ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

/** Text content. A bare carriage return would become a newline where XML is read. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function content(shape: Shape, value: unknown, path: string): string {
  switch (shape.kind) {
    case "structure":
      return toXml(shape, value, path);
    case "list": {
      const name = shape.item.traits.xmlName ?? "member";
      return expectList(value, path)
        .map((item, i) => element(name, content(shape.item.shape, item, `${path}[${i}]`)))
        .join("");
    }
    case "map":
      throw new Misfit("wrong", path, "the doors do not write maps as XML");
    default:
      return escapeXml(formatText(shape, value, path, "date-time"));
  }
}
