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

Finding finding_of(const Growth& growth, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  const PathNumber cure = survey.cure_for(growth.path);
  const NamedValue round = round_value(survey.rounds()), first = event_value("first", growth.first_survivor);
  return {.kind = growth.of_contexts ? FindingKind::ContextPileUp : FindingKind::Growth,
          .weight_bytes = growth.bytes,
          .event = growth.first_survivor,
          .until = growth.until,
          .context = {growth.example, growth.example_born},
          .path = paths.text(growth.path),
          .sentence = {growth.of_contexts ? "finding.pile_up" : "finding.growth",
                       {name_value("name", paths, growth.path), count_value("rounds", growth.rounds), round,
                        bytes_value("bytes", growth.bytes), slope_value(growth.per_round()),
                        count_value("survivors", growth.survivors), percent_value("share", growth.monotone_share()),
                        percent_value("score", growth.score()), first}},
          .advice = cure != kNoPath ? Sentence{"finding.growth_cure", {name_value("cure", paths, cure), round}}
                                    : Sentence{"finding.growth_look", {first}},
          .rounds = growth.curve};
}

Finding finding_of(const Hoard& hoard, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  return {.kind = FindingKind::Hoard,
          .weight_bytes = hoard.bytes,
          .event = hoard.from,
          .until = hoard.until,
          .context = hoard.context,
          .path = paths.text(hoard.path),
          .sentence = {hoard.size_class < 0 ? "finding.hoard_slab" : "finding.hoard",
                       {name_value("name", paths, hoard.path), bytes_value("bytes", hoard.bytes),
                        bytes_value("total", hoard.total_bytes), bytes_value("used", hoard.used_bytes),
                        event_value("from", hoard.from), event_value("until", hoard.until),
                        count_value("chunks", hoard.class_chunks), bytes_value("chunk", hoard.class_chunk_bytes),
                        bytes_value("class_bytes", hoard.class_bytes)}},
          .advice = {"finding.hoard_cure", {name_value("name", paths, hoard.path)}}};
}

Finding finding_of(const PinnedBlocks& pinned, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  const NamedValue born = event_value("born", pinned.chunk_born);
  return {.kind = FindingKind::PinnedBlocks,
          .weight_bytes = pinned.bytes,
          .event = pinned.chunk_born,
          .until = pinned.until,
          .context = pinned.context,
          .path = paths.text(pinned.path),
          .sentence = {"finding.pinned",
                       {name_value("name", paths, pinned.path), count_value("blocks", pinned.blocks),
                        bytes_value("bytes", pinned.bytes), bytes_value("kept_by", pinned.kept_by_bytes),
                        event_value("from", pinned.from), born}},
          .advice = {"finding.pinned_cure", {born}}};
}

Finding finding_of(const Churn& churn, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  const NamedValue name = name_value("name", paths, churn.path);
  return {.kind = FindingKind::Churn,
          .weight_bytes = churn.deleted == 0 ? 0 : churn.malloc_bytes / churn.deleted,
          .event = churn.first,
          .until = churn.last,
          .context = churn.example,
          .path = paths.text(churn.path),
          .sentence = {"finding.churn",
                       {name, count_value("times", churn.deleted), count_value("mallocs", churn.with_malloc),
                        bytes_value("bytes", churn.malloc_bytes), event_value("first", churn.first),
                        event_value("last", churn.last)}},
          .advice = {"finding.churn_cure", {name}}};
}

Finding finding_of(const WrongLifetime& wrong, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  const NamedValue cure = name_value("cure", paths, wrong.cure);
  return {.kind = FindingKind::WrongLifetime,
          .weight_bytes = wrong.bytes / wrong.ends,
          .event = wrong.first,
          .until = wrong.last,
          .context = wrong.context,
          .path = paths.text(wrong.path),
          .sentence = {"finding.lifetime",
                       {name_value("name", paths, wrong.path), cure, count_value("chunks", wrong.chunks),
                        bytes_value("bytes", wrong.bytes), count_value("ends", wrong.ends),
                        count_value("freed", wrong.freed), event_value("first", wrong.first)}},
          .advice = {"finding.lifetime_cure", {cure}}};
}

// Many in number, and most of what is allocated there.
bool is_told(const PathUse& use) {
  constexpr std::uint64_t kMany = 1000;
  return use.temporary >= kMany && 2 * use.temporary >= use.allocated;
}

Finding finding_of(PathNumber path, const PathUse& use, const Survey& survey) {
  const ContextPaths& paths = survey.paths();
  return {.kind = FindingKind::Temporary,
          .weight_bytes = use.temporary_bytes / use.temporary,
          .event = use.first_temporary,
          .until = survey.events(),
          .context = use.first_temporary_in,
          .path = paths.text(path),
          .sentence = {"finding.temporary",
                       {name_value("name", paths, path), count_value("times", use.temporary),
                        count_value("allocated", use.allocated), bytes_value("bytes", use.temporary_bytes),
                        event_value("first", use.first_temporary)}},
          .advice = {"finding.temporary_cure", {}}};
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
  const auto tell_all = [&](const auto& seen) {
    for (const auto& one : seen) findings.push_back(finding_of(one, survey));
  };
  tell_all(survey.growths());
  tell_all(survey.hoards().hoards());
  tell_all(survey.hoards().pinned());
  tell_all(survey.churns().churns());
  tell_all(survey.lifetimes().wrong_lifetimes());
  for (PathNumber path = 0; path < survey.lifetimes().uses().size(); ++path)
    if (const PathUse& use = survey.lifetimes().uses()[path]; is_told(use))
      findings.push_back(finding_of(path, use, survey));
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.weight_bytes > b.weight_bytes; });
  return findings;
}

}  // namespace palloscope::trace
