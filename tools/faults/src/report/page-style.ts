/** Light and dark as the reader's system has it; every colour that says something is said in words too. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f7f5, #16181b);
  --card: light-dark(#ffffff, #1f2226);
  --ink: light-dark(#1d2126, #e8e9eb);
  --soft: light-dark(#586069, #a4abb4);
  --line: light-dark(#dcdfe3, #363b42);
  --good: light-dark(#11693a, #6fd39b);
  --good-ground: light-dark(#e2f4e9, #16321f);
  --bad: light-dark(#b3201f, #ff9a92);
  --bad-ground: light-dark(#fdebea, #43191a);
  --accent: light-dark(#1f5fbf, #8db8ff);
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
main, header { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; text-wrap: pretty; }
h4 { font-size: .9rem; margin: 1rem 0 .35rem; color: var(--soft); font-weight: 600; }
p { margin: 0 0 .75rem; max-width: 70ch; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); }
.verdict { color: var(--good); }
.verdict.red { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; padding: 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .65rem .85rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.15rem; margin: 0 0 1rem; }
.card.red { border-left: 4px solid var(--bad); }
.scroll { overflow-x: auto; }
.scroll + .scroll { margin-top: 1rem; }
.scroll table { min-width: 46rem; }
article + article { border-top: 1px solid var(--line); margin-top: 1.25rem; padding-top: 1.25rem; }
article + details, article + article + details { margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 0 0 .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 400; }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.broken > * { background: var(--bad-ground); }
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: .35rem; padding: .75rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; }
.mark { display: inline-block; border-radius: .3rem; padding: 0 .45rem; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.mark.ok { color: var(--good); background: var(--good-ground); }
.mark.red { color: var(--bad); background: var(--bad-ground); }
.mark.skipped { color: var(--soft); border: 1px solid var(--line); }
.rule { font-weight: 600; white-space: nowrap; }
summary { cursor: pointer; }
footer { margin: 3rem 0 2rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) { h1 { font-size: 1.4rem; } th, td { padding: .35rem .4rem; } }
`;
