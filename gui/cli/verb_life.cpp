// palloscope life FILE ADDRESS: what one place in memory was used for, over the whole trace.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "gui/cli/arguments.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/chunk_life.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::LifeCause;
using trace::LifeSegment;
using trace::LifeUse;

std::string hex(core::Address at) { return fmt::format("0x{:x}", at.value); }

// "0x5500", or a variable of the script at that moment.
std::optional<core::Address> parse_place(const std::string& text, const trace::MemoryState& state) {
  if (const auto found = state.variables().find(text); found != state.variables().end()) return found->second;
  std::string_view digits = text;
  if (!digits.starts_with("0x") && !digits.starts_with("0X")) return std::nullopt;
  digits.remove_prefix(2);
  core::Address at;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), at.value, 16);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return at;
}

std::string sizes(const LifeSegment& segment) {
  if (segment.requested_bytes == 0) return fmt::format("{} B", segment.granted_bytes);
  return fmt::format("{} -> {} B", segment.requested_bytes, segment.granted_bytes);
}

std::string what_began(const LifeSegment& segment) {
  const std::string name = trace::printable(segment.context_name);
  switch (segment.cause) {
    case LifeCause::Start:
      return segment.use == LifeUse::Unmapped ? "nothing is there" : "";
    case LifeCause::Malloc:
      return "malloc'ed";
    case LifeCause::Realloc:
      return segment.use == LifeUse::Unmapped ? "realloc moved it away" : "realloc moved it here";
    case LifeCause::MallocFree:
      return "back to malloc";
    case LifeCause::ContextCreated:
      return fmt::format("header of {}", name);
    case LifeCause::BlockAdded:
      return fmt::format("a block of {}", name);
    case LifeCause::BlockLeft:
      return fmt::format("its block left {}", name);
    case LifeCause::BlockEmptied:
      return fmt::format("its block was emptied, in {}", name);
    case LifeCause::Allocated:
      return fmt::format("allocated in {}, {}", name, sizes(segment));
    case LifeCause::Reused:
      return fmt::format("used again in {}, {}", name, sizes(segment));
    case LifeCause::Carved:
      return fmt::format("carved for a freelist of {}, {}", name, sizes(segment));
    case LifeCause::Resized:
      return fmt::format("resized in place in {}, {}", name, sizes(segment));
    case LifeCause::Freed:
      return fmt::format("freed in {}", name);
    case LifeCause::Reset:
      return fmt::format("lost in the reset of {}", name);
    case LifeCause::Deleted:
      return fmt::format("lost in the end of {}", name);
    case LifeCause::Recycled:
      return name.empty() ? "waits in a list of recycled contexts"
                          : fmt::format("waits, as {} did, in a list of recycled contexts", name);
  }
  return "";
}

struct Teller {
  const trace::Timeline& timeline;
  std::ostream& out;
  core::EventNumber cursor;

  std::string place_of(core::EventNumber event) const {
    const trace::LifeSource source = trace::source_of(timeline, event);
    return source.line == 0 ? "" : fmt::format(", line {}", source.line);
  }
  std::string moved(const LifeSegment& segment) const {
    if (segment.moved == 0) return "";
    const auto other = trace::other_half(timeline, segment);
    const bool from = segment.use == LifeUse::Live;
    return fmt::format("; its contents {} {} (#{})", from ? "came from" : "went to", other ? hex(*other) : "?",
                       segment.moved);
  }

  void text(const std::vector<LifeSegment>& segments, const std::vector<trace::LifeMark>& marks) const {
    std::size_t mark = 0;
    for (const LifeSegment& segment : segments) {
      const bool now = segment.first <= cursor && cursor <= segment.end_event();
      const std::string until = segment.last == 0 ? "" : fmt::format("..{}", segment.last);
      out << fmt::format("{} {:<20} {:<16} {}{}{}\n", now ? '>' : ' ', fmt::format("#{}{}", segment.first, until),
                         trace::life_use_name(segment.use), what_began(segment), moved(segment),
                         segment.first == 0 ? "" : place_of(segment.first));
      for (; mark < marks.size() && marks[mark].event <= segment.end_event(); ++mark) {
        const std::string what = marks[mark].fault
                                     ? fmt::format("FAULT: {}", trace::fault_kind_name(*marks[mark].fault))
                                     : std::string("written");
        out << fmt::format("    #{} {}{}\n", marks[mark].event, what, place_of(marks[mark].event));
      }
    }
  }

  void json(const trace::ChunkLife& life, const std::vector<LifeSegment>& segments, const std::string& link) const {
    nlohmann::ordered_json all;
    all["at"] = hex(life.at());
    all["event"] = cursor;
    all["whole"] = life.reaches_start() && life.reaches_end();
    all["segments"] = nlohmann::ordered_json::array();
    for (const LifeSegment& segment : segments) {
      nlohmann::ordered_json one;
      one["first"] = segment.first;
      one["last"] = segment.last == 0 ? timeline.size() : segment.last;
      one["use"] = trace::life_use_name(segment.use);
      one["cause"] = trace::life_cause_name(segment.cause);
      if (!segment.context_name.empty()) one["context"] = trace::printable(segment.context_name);
      if (segment.chunk) {
        one["born"] = segment.born;
        one["at"] = hex(segment.at);
        if (segment.requested_bytes != 0) one["requested_bytes"] = segment.requested_bytes;
        one["granted_bytes"] = segment.granted_bytes;
      }
      if (segment.moved != 0) {
        one["moved"] = segment.moved;
        if (const auto other = trace::other_half(timeline, segment)) one["other_half"] = hex(*other);
      }
      if (segment.first != 0)
        if (const trace::LifeSource source = trace::source_of(timeline, segment.first); source.line != 0)
          one["line"] = source.line;
      all["segments"].push_back(std::move(one));
    }
    all["marks"] = nlohmann::ordered_json::array();
    for (const trace::LifeMark& mark : life.marks()) {
      nlohmann::ordered_json one{{"event", mark.event}};
      if (mark.fault) one["fault"] = trace::fault_kind_name(*mark.fault);
      all["marks"].push_back(std::move(one));
    }
    if (!link.empty()) all["link"] = link;
    out << all.dump(1) << '\n';
  }
};

}  // namespace

int run_life(Arguments arguments, Streams io) {
  Usage usage(
      "life",
      "Tells what one place in memory was used for: malloc'ed, allocated, grown, freed, used again, lost in a reset.");
  std::string file, place, format = "text";
  std::optional<core::EventNumber> at;
  std::size_t limit = trace::ChunkLife::kSegments;
  bool all = false, exact = false, link = false;
  usage.add("FILE", &file, "a trace, or a scenario (a file, a name or a number)").required();
  usage.add("PLACE", &place, "an address in hex (0x...), or a variable of the script").required();
  usage.add("--at", &at, "the moment that is meant; left out: the end").takes("N");
  usage.add("--limit", &limit, "segments to be told before and after that moment").takes("N");
  usage.add("--all", &all, "the whole life, however long");
  usage.add("--exact", &exact, "also what lasts only while one operation is under way");
  usage.add("--format", &format, "how it is written").one_of({"text", "json"}).shows_default();
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;

  auto timeline = open_source_or_scenario("life", file, io);
  if (!timeline) return kExitBad;
  if (!stand_at("life", file, *timeline, at, io)) return kExitBad;
  const auto address = parse_place(place, timeline->state());
  if (!address)
    return complain("life",
                    fmt::format("{}: \"{}\" is neither an address (0x...) nor a variable of the script at event {}",
                                file, place, timeline->cursor()),
                    io);
  trace::ChunkLife life(*timeline, *address, timeline->cursor(), all ? ~std::size_t{0} / 2 : limit);
  {
    Progress progress("life", io);
    while (!life.advance()) progress.tell("reading", life.progress());
  }
  const std::vector<LifeSegment> segments = exact ? life.segments() : trace::without_transit(life.segments());
  const Teller teller{*timeline, io.out, timeline->cursor()};
  if (format == "json") {
    teller.json(life, segments, link ? moment_link(file, timeline->cursor(), *address) : std::string());
    return kExitGood;
  }
  io.out << fmt::format("{} at event {} of {}\n", hex(*address), timeline->cursor(), timeline->size());
  teller.text(segments, life.marks());
  if (link) io.out << moment_link(file, timeline->cursor(), *address) << '\n';
  if (life.stopped_early()) io.err << "palloscope life: there is more, see --limit and --all\n";
  return kExitGood;
}

}  // namespace palloscope::gui::cli
