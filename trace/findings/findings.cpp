// What a survey has seen, as findings: which key of the strings, which numbers, which event to go to.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trace/exporters/printable.h"
#include "trace/findings/survey.h"

namespace palloscope::trace {
namespace {

// A name as it stands in a sentence: the last part of the path.
NamedValue name_value(std::string_view as, const ContextPaths& paths, PathNumber path) {
  return text_value(as, printable(paths.name(path)));
}

NamedValue percent_value(std::string_view as, double share) {
  return count_value(as, static_cast<std::uint64_t>(std::lround(share * 100)));
}

// Bytes per round, with one digit behind the point where it is a small number.
NamedValue slope_value(double per_round) {
  if (per_round >= 100) return bytes_value("slope", static_cast<std::uint64_t>(std::llround(per_round)));
  return text_value("slope", fmt::format("{:.1f} B", per_round));
}

NamedValue round_value(const RoundRule& rule) {
  static constexpr std::string_view kKeys[] = {"finding.round.none",      "finding.round.transaction",
                                               "finding.round.statement", "finding.round.reset",
                                               "finding.round.line",      "finding.round.condition"};
  return key_value("round", kKeys[static_cast<std::size_t>(rule.kind)]);
}

Finding growth_finding(const Growth& growth, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = growth.of_contexts ? FindingKind::ContextPileUp : FindingKind::Growth;
  finding.weight_bytes = growth.bytes;
  finding.event = growth.first_survivor;
  finding.until = growth.until;
  finding.context = {growth.example, growth.example_born};
  finding.path = paths.text(growth.path);
  finding.sentence = {
      growth.of_contexts ? "finding.pile_up" : "finding.growth",
      {name_value("name", paths, growth.path), count_value("rounds", growth.rounds), round_value(survey.rounds()),
       bytes_value("bytes", growth.bytes), slope_value(growth.per_round()), count_value("survivors", growth.survivors),
       percent_value("share", growth.monotone_share()), percent_value("score", growth.score()),
       event_value("first", growth.first_survivor)}};
  if (const PathNumber cure = survey.cure_for(growth.path); cure != kNoPath)
    finding.advice = {"finding.growth_cure", {name_value("cure", paths, cure), round_value(survey.rounds())}};
  else
    finding.advice = {"finding.growth_look", {event_value("first", growth.first_survivor)}};
  return finding;
}

Finding hoard_finding(const Hoard& hoard, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = FindingKind::Hoard;
  finding.weight_bytes = hoard.bytes;
  finding.event = hoard.from;
  finding.until = hoard.until;
  finding.context = hoard.context;
  finding.path = paths.text(hoard.path);
  finding.sentence = {
      hoard.size_class < 0 ? "finding.hoard_slab" : "finding.hoard",
      {name_value("name", paths, hoard.path), bytes_value("bytes", hoard.bytes),
       bytes_value("total", hoard.total_bytes), bytes_value("used", hoard.used_bytes), event_value("from", hoard.from),
       event_value("until", hoard.until), count_value("chunks", hoard.class_chunks),
       bytes_value("chunk", hoard.class_chunk_bytes), bytes_value("class_bytes", hoard.class_bytes)}};
  finding.advice = {"finding.hoard_cure", {name_value("name", paths, hoard.path)}};
  return finding;
}

Finding pinned_finding(const PinnedBlocks& pinned, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = FindingKind::PinnedBlocks;
  finding.weight_bytes = pinned.bytes;
  finding.event = pinned.chunk_born;
  finding.until = pinned.until;
  finding.context = pinned.context;
  finding.path = paths.text(pinned.path);
  finding.sentence = {"finding.pinned",
                      {name_value("name", paths, pinned.path), count_value("blocks", pinned.blocks),
                       bytes_value("bytes", pinned.bytes), bytes_value("kept_by", pinned.kept_by_bytes),
                       event_value("from", pinned.from), event_value("born", pinned.chunk_born)}};
  finding.advice = {"finding.pinned_cure", {event_value("born", pinned.chunk_born)}};
  return finding;
}

Finding churn_finding(const Churn& churn, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = FindingKind::Churn;
  finding.weight_bytes = churn.deleted == 0 ? 0 : churn.malloc_bytes / churn.deleted;
  finding.event = churn.first;
  finding.until = churn.last;
  finding.context = churn.example;
  finding.path = paths.text(churn.path);
  finding.sentence = {"finding.churn",
                      {name_value("name", paths, churn.path), count_value("times", churn.deleted),
                       count_value("mallocs", churn.with_malloc), bytes_value("bytes", churn.malloc_bytes),
                       event_value("first", churn.first), event_value("last", churn.last)}};
  finding.advice = {"finding.churn_cure", {name_value("name", paths, churn.path)}};
  return finding;
}

Finding lifetime_finding(const WrongLifetime& wrong, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = FindingKind::WrongLifetime;
  finding.weight_bytes = wrong.bytes / wrong.ends;
  finding.event = wrong.first;
  finding.until = wrong.last;
  finding.context = wrong.context;
  finding.path = paths.text(wrong.path);
  finding.sentence = {
      "finding.lifetime",
      {name_value("name", paths, wrong.path), name_value("cure", paths, wrong.cure),
       count_value("chunks", wrong.chunks), bytes_value("bytes", wrong.bytes), count_value("ends", wrong.ends),
       count_value("freed", wrong.freed), event_value("first", wrong.first)}};
  finding.advice = {"finding.lifetime_cure", {name_value("cure", paths, wrong.cure)}};
  return finding;
}

// Many in number, and most of what is allocated there.
bool is_told(const PathUse& use) {
  constexpr std::uint64_t kMany = 1000;
  return use.temporary >= kMany && 2 * use.temporary >= use.allocated;
}

Finding temporary_finding(PathNumber path, const PathUse& use, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  Finding finding;
  finding.kind = FindingKind::Temporary;
  finding.weight_bytes = use.temporary_bytes / use.temporary;
  finding.event = use.first_temporary;
  finding.until = survey.events();
  finding.context = use.first_temporary_in;
  finding.path = paths.text(path);
  finding.sentence = {
      "finding.temporary",
      {name_value("name", paths, path), count_value("times", use.temporary), count_value("allocated", use.allocated),
       bytes_value("bytes", use.temporary_bytes), event_value("first", use.first_temporary)}};
  finding.advice = {"finding.temporary_cure", {}};
  return finding;
}

}  // namespace

std::string_view finding_kind_name(FindingKind kind) {
  static constexpr std::string_view kNames[] = {"growth", "pile_up",        "hoard",    "pinned_blocks",
                                                "churn",  "wrong_lifetime", "temporary"};
  static_assert(std::size(kNames) == kFindingKindCount);
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Finding> findings_of(const Survey& survey) {
  std::vector<Finding> findings;
  for (const Growth& growth : survey.growths()) findings.push_back(growth_finding(growth, survey));
  for (const Hoard& hoard : survey.hoards().hoards()) findings.push_back(hoard_finding(hoard, survey));
  for (const PinnedBlocks& pinned : survey.hoards().pinned()) findings.push_back(pinned_finding(pinned, survey));
  for (const Churn& churn : survey.churns().churns()) findings.push_back(churn_finding(churn, survey));
  for (const WrongLifetime& wrong : survey.lifetimes().wrong_lifetimes())
    findings.push_back(lifetime_finding(wrong, survey));
  for (PathNumber path = 0; path < survey.lifetimes().uses().size(); ++path)
    if (const PathUse& use = survey.lifetimes().uses()[path]; is_told(use))
      findings.push_back(temporary_finding(path, use, survey));
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.weight_bytes > b.weight_bytes; });
  return findings;
}

}  // namespace palloscope::trace
