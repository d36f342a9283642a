// palloscope why FILE --at N: why the event did what it did, in words.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "gui/cli/arguments.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/sentence_json.h"
#include "gui/cli/source_file.h"
#include "gui/explain.h"
#include "trace/explain/explain.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui::cli {
namespace {

using Json = nlohmann::ordered_json;

void write_json(const trace::Card& card, std::string_view kind, const std::string& link, const Strings& strings,
                std::ostream& out) {
  Json json = {{"event", card.event}, {"kind", kind}, {"sentences", Json::array()}};
  for (const trace::Sentence& sentence : card.sentences) json["sentences"].push_back(sentence_json(sentence, strings));
  if (!card.rule.file.empty())
    json["rule"] = {{"file", card.rule.file}, {"function", card.rule.function}, {"spec", card.rule.spec}};
  if (!card.effects.empty()) {
    json["call"] = {{"text", in_words(card.call, strings)}, {"effect", card.effect + 1}, {"effects", Json::array()}};
    for (const trace::CallEffect& effect : card.effects)
      json["call"]["effects"].push_back({{"event", effect.event}, {"text", in_words(effect.label, strings)}});
  }
  if (!link.empty()) json["link"] = link;
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void write_text(const trace::Card& card, const std::string& line, const Strings& strings, std::ostream& out) {
  const Explanation words = in_words(card, strings);
  out << fmt::format("#{}  {}\n", card.event, line);
  for (const std::string& sentence : words.sentences) out << "  " << sentence << '\n';
  if (!words.call.empty()) out << fmt::format("  [{}]\n", words.call);
  for (std::size_t i = 0; i < words.effects.size(); ++i)
    out << fmt::format("  {} #{}  {}\n", i == card.effect ? '>' : ' ', card.effects[i].event, words.effects[i]);
  if (!words.rule.empty()) out << fmt::format("  ({})\n", words.rule);
}

}  // namespace

int run_why(Arguments arguments, Streams io) {
  Usage usage("why", "Says why an event did what it did: by which rule of PostgreSQL, and with which numbers.");
  std::string file, format = "text", language = "en";
  std::optional<core::EventNumber> at;
  bool link = false;
  int pg_major = 0;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("--at", &at, "this event; left out: the last one").takes("N");
  usage.add("--lang", &language, "the language of the words").one_of({"en", "zh"}).shows_default();
  usage.add("--format", &format, "how it is written").one_of({"text", "json"}).shows_default();
  usage.add("--pg", &pg_major, "the version of a dump that does not tell it").within(14, 18);
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;

  auto timeline = open_source_or_scenario("why", file, io, pg_major);
  if (!timeline) return kExitBad;
  if (!stand_at("why", file, *timeline, at, io)) return kExitBad;
  if (timeline->cursor() == 0) return complain("why", fmt::format("{}: at 0 nothing has happened yet", file), io);
  const core::EventBody event = timeline->event(timeline->cursor());
  const trace::Card card = trace::explain(*timeline, timeline->cursor(), trace::profile_for(timeline->description()));
  const Strings& strings = strings_of(language == "zh" ? Language::Chinese : Language::English);
  const std::string opens = link ? moment_link(file, timeline->cursor()) : std::string();
  if (format == "json") {
    write_json(card, trace::event_kind_name(event), opens, strings, io.out);
    return kExitGood;
  }
  write_text(card, trace::event_text(event, timeline->state()), strings, io.out);
  if (link) io.out << "  " << opens << '\n';
  return kExitGood;
}

}  // namespace palloscope::gui::cli
