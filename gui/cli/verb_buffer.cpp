// palloscope buffer FILE N: what one buffer held over the whole trace, and what was done to it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/buffer_life.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::BufferDeed;
using trace::BufferEntry;
using trace::BufferStay;

constexpr std::string_view kReasons[core::kWriteReasonCount] = {"for another page", "by the background writer",
                                                                "by a checkpoint", "flushed"};

struct Teller {
  const trace::BufferLife& life;
  core::EventNumber cursor;
  bool whole;  // every entry, not only the stays

  std::string page(const core::PageTag& tag) const {
    constexpr std::string_view kForks[] = {"", " fsm", " vm", " init"};
    const std::string_view name = life.relation_name(tag);
    const std::string relation =
        name.empty() ? fmt::format("{}/{}/{}", tag.tablespace, tag.database, tag.relation) : trace::printable(name);
    const std::string fork =
        tag.fork >= 0 && tag.fork < 4 ? std::string(kForks[tag.fork]) : fmt::format(" fork {}", tag.fork);
    return fmt::format("{}{} block {}", relation, fork, tag.block);
  }
  std::string backend(std::uint32_t who) const {
    const std::string_view name = life.backend_name(who);
    return name.empty() ? "" : " by " + trace::printable(name);
  }
  static std::string times(std::uint32_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

  std::string summary(const BufferStay& stay) const {
    std::string text = fmt::format("{}, {}{}", page(stay.tag), stay.for_new ? "made" : "loaded", backend(stay.who));
    if (stay.pins != 0) text += fmt::format("; pinned {}", times(stay.pins));
    if (stay.dirtied != 0) text += fmt::format("; dirtied {}", times(stay.dirtied));
    for (std::size_t reason = 0; reason < std::size(stay.writes); ++reason)
      if (stay.writes[reason] != 0)
        text += fmt::format("; written {} {}", times(stay.writes[reason]), kReasons[reason]);
    if (stay.counted_down != 0) text += fmt::format("; counted down {}", times(stay.counted_down));
    text += fmt::format("; usage count up to {}", stay.most_usage);
    if (stay.last == 0) return text + "; still there";
    if (stay.dropped) return text + "; dropped with its relation";
    return text + (stay.wanted == core::PageTag{} ? "; evicted" : fmt::format("; evicted for {}", page(stay.wanted)));
  }

  std::string what(const BufferEntry& entry) const {
    std::string text(trace::buffer_deed_name(entry.deed));
    if (entry.deed == BufferDeed::Written) text += fmt::format(" {}", kReasons[static_cast<std::size_t>(entry.reason)]);
    if (entry.deed == BufferDeed::Evicted && entry.request != 0) text += fmt::format(" for {}", page(entry.wanted));
    if (entry.ring) text += fmt::format(" ({})", entry.ring.value);
    text += backend(entry.who);
    if (entry.word != entry.word_before) {
      const auto change = [&](std::string_view name, std::uint32_t before, std::uint32_t now) {
        if (before != now) text += fmt::format(", {} {} -> {}", name, before, now);
      };
      change("pins", core::refcount_of(entry.word_before), core::refcount_of(entry.word));
      change("usage", core::usage_of(entry.word_before), core::usage_of(entry.word));
      const auto flags = [](std::uint32_t word) {
        return word & ~(core::buffer_bits::kRefcountMask | core::buffer_bits::kUsageMask);
      };
      for (const auto& [bit, name] : kFlags) {
        if ((flags(entry.word) & bit) == (flags(entry.word_before) & bit)) continue;
        text += fmt::format(", {}{}", (entry.word & bit) != 0 ? "+" : "-", name);
      }
    }
    return text;
  }

  void text(std::ostream& out) const {
    auto entry = life.entries().begin();
    const auto end = life.entries().end();
    const auto tell_until = [&](core::EventNumber last) {
      for (; entry != end && entry->event <= last; ++entry)
        if (whole) out << fmt::format("    #{} {}\n", entry->event, what(*entry));
    };
    for (const BufferStay& stay : life.stays()) {
      tell_until(stay.first - 1);
      const bool now = stay.first <= cursor && (stay.last == 0 || cursor < stay.last);
      out << fmt::format("{} #{}..{} {}\n", now ? '>' : ' ', stay.first,
                         stay.last == 0 ? "" : fmt::format("{}", stay.last), summary(stay));
      tell_until(stay.last == 0 ? ~core::EventNumber{0} : stay.last);
    }
    tell_until(~core::EventNumber{0});
  }

  void json(std::ostream& out, const std::string& link) const {
    nlohmann::ordered_json all;
    all["buffer"] = life.buffer().value + 1;
    all["event"] = cursor;
    all["whole"] = !life.is_cut();
    all["stays"] = nlohmann::ordered_json::array();
    for (const BufferStay& stay : life.stays()) {
      nlohmann::ordered_json one;
      one["first"] = stay.first;
      if (stay.last != 0) one["last"] = stay.last;
      one["page"] = page(stay.tag);
      one["made"] = stay.for_new;
      if (stay.last != 0) one["end"] = stay.dropped ? "dropped" : "evicted";
      if (stay.last != 0 && !stay.dropped) one["for"] = page(stay.wanted);
      one["by"] = trace::printable(life.backend_name(stay.who));
      one["pins"] = stay.pins;
      one["dirtied"] = stay.dirtied;
      one["counted_down"] = stay.counted_down;
      one["most_usage"] = stay.most_usage;
      nlohmann::ordered_json writes;
      for (std::size_t reason = 0; reason < std::size(stay.writes); ++reason)
        writes[std::string(kReasons[reason])] = stay.writes[reason];
      one["writes"] = std::move(writes);
      all["stays"].push_back(std::move(one));
    }
    all["entries"] = nlohmann::ordered_json::array();
    for (const BufferEntry& entry : life.entries())
      all["entries"].push_back({{"event", entry.event},
                                {"deed", trace::buffer_deed_name(entry.deed)},
                                {"by", trace::printable(life.backend_name(entry.who))},
                                {"word", entry.word}});
    if (!link.empty()) all["link"] = link;
    out << all.dump(1) << '\n';
  }

  static constexpr std::pair<std::uint32_t, std::string_view> kFlags[] = {
      {core::buffer_bits::kDirty, "dirty"},           {core::buffer_bits::kValid, "valid"},
      {core::buffer_bits::kTagValid, "page"},         {core::buffer_bits::kIoInProgress, "I/O"},
      {core::buffer_bits::kIoError, "I/O error"},     {core::buffer_bits::kJustDirtied, "just dirtied"},
      {core::buffer_bits::kPinCountWaiter, "waiter"}, {core::buffer_bits::kCheckpointNeeded, "checkpoint needed"},
      {core::buffer_bits::kPermanent, "permanent"}};
};

}  // namespace

int run_buffer(Arguments arguments, Streams io) {
  Usage usage(
      "buffer",
      "Tells what one buffer of the shared pool held over the whole trace: which pages, brought by whom, how often "
      "pinned, dirtied, written and counted down, and what they had to leave for.");
  std::string file, format = "text";
  std::uint32_t number = 0;
  std::optional<core::EventNumber> at;
  std::size_t limit = trace::BufferLife::kEntries;
  bool all = false, link = false;
  usage.add("FILE", &file, "a trace, a CSV of pg_buffercache, or a scenario (a file, a name or a number)").required();
  usage.add("N", &number, "the buffer, as pg_buffercache counts: from 1 on").required();
  usage.add("--at", &at, "the moment that is meant; left out: the end").takes("N");
  usage.add("--limit", &limit, "events of it to be looked at before and after that moment").takes("N");
  usage.add("--all", &all, "every event of the buffer, not only a line for each page");
  usage.add("--format", &format, "how it is written").one_of({"text", "json"}).shows_default();
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;

  auto timeline = open_source_or_scenario("buffer", file, io);
  if (!timeline) return kExitBad;
  if (!stand_at("buffer", file, *timeline, at, io)) return kExitBad;
  const trace::PoolRecord* pool = timeline->state().server().shared_pool();
  if (pool == nullptr || pool->buffers == 0) {
    complain("buffer", fmt::format("{}: at event {} there are no shared buffers", file, timeline->cursor()), io);
    return kExitNo;
  }
  if (number < 1 || number > pool->buffers)
    return complain("buffer",
                    fmt::format("{}: there is no buffer {}; the pool has 1 to {}", file, number, pool->buffers), io);
  trace::BufferLife life(*timeline, core::BufferSlot{pool->first.value + number - 1}, timeline->cursor(), limit);
  {
    Progress progress("buffer", io);
    while (!life.advance()) progress.tell("reading", life.progress());
  }
  const std::string opens =
      link ? moment_link(file, timeline->cursor(), BufferKey{{pool->first.value + number - 1}}) : std::string();
  const Teller teller{life, timeline->cursor(), all};
  if (format == "json") {
    teller.json(io.out, opens);
    return kExitGood;
  }
  io.out << fmt::format("buffer {} of {}, at event {} of {}\n", number, pool->buffers, timeline->cursor(),
                        timeline->size());
  teller.text(io.out);
  if (life.entries().empty()) io.out << "  nothing ever happened to it\n";
  if (link) io.out << opens << '\n';
  if (life.is_cut()) io.err << "palloscope buffer: there is more, see --limit\n";
  return kExitGood;
}

}  // namespace palloscope::gui::cli
