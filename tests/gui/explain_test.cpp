// Every card of every scenario on every version, in both languages.
#include "gui/explain.h"

#include <set>
#include <string>

#include "core/scenario/scenario_run.h"
#include "gui/format_text.h"
#include "tests/support/catch.h"
#include "tests/support/random_server_stream.h"
#include "trace/explain/explain.h"
#include "trace/exporters/event_text.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

// The names between braces.
std::set<std::string> placeholders(std::string_view pattern) {
  std::set<std::string> names;
  for (std::size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1))
    names.emplace(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
  return names;
}

// A sentence has words in both languages, and exactly the values that they ask for.
void check_sentence(const trace::Sentence& sentence) {
  for (const Language language : {Language::English, Language::Chinese}) {
    const Strings& strings = strings_of(language);
    if (!strings.has(sentence.key)) FAIL("no words for " << sentence.key);
    const auto wanted = placeholders(strings(sentence.key));
    std::set<std::string> given;
    for (const trace::NamedValue& value : sentence.values) {
      given.emplace(value.name);
      if (value.kind == trace::ValueKind::Key && !strings.has(value.text)) FAIL("no words for " << value.text);
      const bool is_text = value.kind == trace::ValueKind::Text || value.kind == trace::ValueKind::Page;
      if (is_text && value.text.empty()) FAIL(sentence.key << ": empty " << value.name);
    }
    for (const std::string& name : wanted)
      if (given.count(name) == 0) FAIL(sentence.key << ": no value for {" << name << "}");
    const std::string words = in_words(sentence, strings);
    if (words.empty()) FAIL("nothing said for " << sentence.key);
    if (words.find_first_of("{}") != words.npos) FAIL(sentence.key << " says: " << words);
  }
}

void check_card(const trace::Card& card) {
  if (card.sentences.empty() || card.sentences.size() > 4) FAIL(card.sentences.size() << " sentences");
  for (const trace::Sentence& sentence : card.sentences) check_sentence(sentence);
  for (const trace::CallEffect& effect : card.effects) check_sentence(effect.label);
  if (!card.effects.empty()) check_sentence(card.call);
  if (!card.effects.empty() && card.effects[card.effect].event != card.event) FAIL("not among its call's effects");
  if (!card.rule.file.empty() && (card.rule.function.empty() || card.rule.spec.empty())) FAIL("half a rule");
}

}  // namespace

TEST_CASE("the events of every scenario on every version have cards in both languages") {
  constexpr core::EventNumber kEveryEvent = 250;
  std::set<std::string> kinds;
  std::size_t cards = 0;
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios())
    for (const int major : {15, 16, 17, 18}) {
      if (scenario.info.pg_major && major < *scenario.info.pg_major) continue;
      for (const bool checking : {false, true}) {
        if (core::find_profile(major, checking) == nullptr) continue;
        CAPTURE(scenario.info.name, major, checking);
        core::ScenarioOptions options;
        options.pg_major = major;
        options.checking = checking;
        trace::Timeline timeline = trace::Timeline::recording(core::describe_scenario(scenario.info, options));
        auto run = core::ScenarioRun::start(scenario.info.name, scenario.text, options, timeline.sink());
        REQUIRE(run);
        run->advance();
        const core::VersionProfile& profile = trace::profile_for(timeline.description());
        // A long scenario repeats itself: beyond its beginning every 17th event stands for the others.
        for (core::EventNumber n = 1; n <= timeline.size(); n += n < kEveryEvent ? 1 : 17) {
          CAPTURE(n);
          const trace::Card card = trace::explain(timeline, n, profile);
          ++cards;
          kinds.emplace(trace::event_kind_name(timeline.event(n)));
          check_card(card);
        }
      }
    }
  REQUIRE(cards > 1000);
  REQUIRE(kinds.size() > 25);
}

TEST_CASE("whatever happens around private memory has a card of its own, on every version, in both languages") {
  constexpr core::EventNumber kEveryEvent = 250;
  std::set<std::string> kinds, first_keys;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    trace::Timeline timeline = trace::Timeline::recording({});
    for (const core::EventBody& event : test::random_server_events(seed, 1500)) timeline.sink().emit(event);
    for (core::EventNumber n = 1; n <= timeline.size(); n += n < kEveryEvent ? 1 : 7) {
      CAPTURE(seed, n);
      const core::VersionProfile& profile = *core::find_profile(15 + static_cast<int>(n % 4), false);
      const trace::Card card = trace::explain(timeline, n, profile);
      check_card(card);
      const std::string kind{trace::event_kind_name(timeline.event(n))};
      kinds.insert(kind);
      if (kind == "SourceLine") continue;
      const std::string_view key = card.sentences.front().key;
      first_keys.emplace(key);
      CAPTURE(kind, key);
      const auto section = key.substr(4, key.find('.', 4) - 4);
      REQUIRE((section == "act" || section == "op" || section == "buf" || section == "shm"));
    }
  }
  CAPTURE(kinds);
  REQUIRE(kinds.size() > 40);
  REQUIRE(first_keys.size() > kinds.size());
}

TEST_CASE("sizes on cards are exact") {
  REQUIRE(format_exact_bytes(8192) == "8192 B");
  REQUIRE(format_exact_bytes(8'388'608) == "8 MB");
  REQUIRE(format_exact_bytes(8'388'609) == format_bytes_exactly(8'388'609));
}
