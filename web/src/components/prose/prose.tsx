/** Foreign markdown. Layer: components. Invariants: it becomes elements, never HTML; markup inside it is text; links lead
 *  to http(s) and mail only; pictures are not loaded; what is too long or too deep is shown as plain text. */
import { lexer, type Token, type Tokens } from "marked";
import { Fragment, memo, type ReactNode, useMemo } from "react";
import { shown } from "@/lib/text/harmless";
import { Code } from "./code";
import { LongText } from "./long-text";

const MOST = 60_000;
const DEEPEST = 12;

/** The words. */
export const Prose = memo(function Prose({ text }: { text: string }) {
  const tokens = useMemo(() => read(text), [text]);
  if (tokens === null) return <LongText text={text} />;
  return (
    <div className="flex min-w-0 max-w-[72ch] flex-col gap-2 break-words text-base" dir="auto">
      <Blocks tokens={tokens} depth={0} />
    </div>
  );
});

function read(text: string): Token[] | null {
  if (text.length > MOST) return null;
  try {
    return lexer(shown(text), { gfm: true, breaks: false });
  } catch {
    return null;
  }
}

function Blocks({ tokens, depth }: { tokens: Token[]; depth: number }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name.
  return tokens.map((token, at) => <Fragment key={at}>{block(token, depth)}</Fragment>);
}

function block(token: Token, depth: number): ReactNode {
  if (depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      // Foreign headings are none of the page's outline.
      return <p className="mt-1 font-semibold">{inline(token.tokens ?? [], depth)}</p>;
    case "code":
      return <Code text={token.text} language={token.lang ?? ""} />;
    case "blockquote":
      return (
        <blockquote className="flex flex-col gap-2 border-n6 border-l-2 pl-3 text-n11">
          <Blocks tokens={token.tokens ?? []} depth={depth + 1} />
        </blockquote>
      );
    case "hr":
      return <hr className="border-n6" />;
    case "list":
      return <List token={token as Tokens.List} depth={depth} />;
    case "table":
      return <Table token={token as Tokens.Table} depth={depth} />;
    case "paragraph":
      return <p dir="auto">{inline(token.tokens ?? [], depth)}</p>;
    case "text":
      return <span dir="auto">{token.tokens ? inline(token.tokens, depth) : token.text}</span>;
    case "html": {
      // What pull requests fold on a forge: the one markup that has words of ours.
      const summary = /^<details>\s*<summary>([^<>]*)<\/summary>\s*$/.exec(token.raw)?.[1];
      if (summary !== undefined) return <p className="font-semibold">{summary}</p>;
      if (/^<\/details>\s*$/.test(token.raw)) return null;
      return <p className="whitespace-pre-wrap wrap-anywhere font-mono text-sm">{token.raw.trimEnd()}</p>;
    }
    default:
      return <p className="whitespace-pre-wrap wrap-anywhere font-mono text-sm">{token.raw.trimEnd()}</p>;
  }
}

function List({ token, depth }: { token: Tokens.List; depth: number }) {
  const Element = token.ordered ? "ol" : "ul";
  return (
    <Element
      className={token.ordered ? "list-decimal pl-6" : "list-disc pl-5"}
      {...(token.ordered && token.start !== "" && { start: token.start })}
    >
      {token.items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the items of a list have no other name.
        <li key={at} className="my-0.5 pl-0.5" dir="auto">
          {item.task && (item.checked ? "☑ " : "☐ ")}
          <Blocks tokens={item.tokens.filter((part) => part.type !== "checkbox")} depth={depth + 1} />
        </li>
      ))}
    </Element>
  );
}

function Table({ token, depth }: { token: Tokens.Table; depth: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keys.
    <section className="overflow-x-auto" tabIndex={0} aria-label="Table">
      <table className="border-collapse text-sm">
        <thead>
          <tr>
            {token.header.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name.
              <th key={at} className="border-n6 border-b px-2 py-1 text-left font-medium">
                {inline(cell.tokens, depth)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name.
            <tr key={at}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name.
                <td key={column} className="border-n5 border-b px-2 py-1 align-top">
                  {inline(cell.tokens, depth)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function inline(tokens: Token[], depth: number): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name.
  return tokens.map((token, at) => <Fragment key={at}>{word(token, depth + 1)}</Fragment>);
}

function word(token: Token, depth: number): ReactNode {
  if (depth > DEEPEST) return token.raw;
  const inside = () => ("tokens" in token && token.tokens ? inline(token.tokens, depth) : token.raw);
  switch (token.type) {
    case "strong":
      return <strong className="font-semibold">{inside()}</strong>;
    case "em":
      return <em>{inside()}</em>;
    case "del":
      return <del>{inside()}</del>;
    case "codespan":
      return (
        <code className="wrap-anywhere rounded-sm bg-n3 px-1 py-px text-[0.92em]" dir="ltr">
          {token.text}
        </code>
      );
    case "br":
      return <br />;
    case "link":
      return <Link href={token.href}>{inside()}</Link>;
    case "image":
      return <Link href={token.href}>{token.text === "" ? "picture" : token.text}</Link>;
    case "escape":
    case "text":
      return token.type === "text" && token.tokens ? inside() : token.text;
    default:
      return token.raw;
  }
}

function Link({ href, children }: { href: string; children: ReactNode }) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return <span title={href}>{children}</span>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={href}
      className="text-accent-text underline underline-offset-3"
    >
      {children}
    </a>
  );
}
