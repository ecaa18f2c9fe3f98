// The style sheet of every page. Charts keep their own light ground.
#pragma once

#include <string_view>

namespace shrike {

inline constexpr std::string_view kPageStyle = R"css(
:root { --ink: #1f2328; --quiet: #57606a; --ground: #f6f8fa; --card: #ffffff; --line: #d8dee4;
  --note: #fff4e0; --note-line: #e69f00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9aa4af; --ground: #0d1117; --card: #161b22; --line: #30363d;
    --note: #2d2410; --note-line: #e69f00; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 4px; }
section > p { color: var(--quiet); max-width: 80ch; margin: 0 0 12px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: 10px 24px;
  margin: 0; }
dt { color: var(--quiet); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
.note { background: var(--note); border-left: 4px solid var(--note-line); padding: 8px 14px;
  margin: 14px 0 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px;
  margin-top: 24px; }
.tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 16px; }
.tiles span, .tiles strong, .tiles small { display: block; overflow-wrap: anywhere; }
.tiles span, .tiles small { color: var(--quiet); font-size: 13px; }
.tiles strong { font-size: 28px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.parts { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; margin-top: 12px; }
.parts > * { flex: 1 1 100%; min-width: 0; margin: 0; }
.parts > .half { flex: 1 1 calc(50% - 8px); min-width: min(440px, 100%);
  max-width: calc(50% - 8px); }
@media (max-width: 960px) { .parts > .half { max-width: 100%; } }
.paper { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; overflow: hidden;
  text-align: center; }
.paper svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { color: var(--quiet); font-size: 13px; margin-top: 6px; overflow-wrap: anywhere; }
.pair > div { display: flex; gap: 4px; }
.pair img { width: calc(50% - 2px); height: auto; display: block; border-radius: 4px;
  align-self: flex-start; }
.problem { border: 1px dashed var(--line); border-radius: 8px; padding: 24px; margin: 0;
  color: var(--quiet); overflow-wrap: anywhere; }
.scroll { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  overflow: auto; max-height: 640px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 6px 14px; text-align: left; border-top: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
td { max-width: 340px; overflow-wrap: anywhere; unicode-bidi: isolate; }
th { position: sticky; top: 0; background: var(--card); color: var(--quiet); font-weight: 600;
  border-top: 0; box-shadow: inset 0 -1px var(--line); white-space: nowrap; }
th.n, td.n { text-align: right; white-space: nowrap; }
tbody tr:hover { background: var(--ground); }
footer { color: var(--quiet); font-size: 13px; margin-top: 40px; }
@media print { .scroll { max-height: none; } figure, .tiles > div { break-inside: avoid; } }
)css";

}  // namespace shrike
