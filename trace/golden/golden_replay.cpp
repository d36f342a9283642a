#include "trace/golden/golden_replay.h"

#include <fmt/format.h>

#include "core/version/version_profile.h"
#include "trace/golden/golden_file.h"
#include "trace/golden/golden_sequence.h"

namespace palloscope::trace {

using core::Error;
using core::ErrorCode;
using core::Result;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxShownBytes = 300;

// Bad UTF-8 is shown, not thrown at.
std::string whole_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string shown(const json& value) {
  std::string text = whole_text(value);
  if (text.size() > kMaxShownBytes) text = text.substr(0, kMaxShownBytes) + "...";
  return text;
}

// Two values that differ, narrowed down until they are short enough to be shown: into the member, element or line that
// is the first to differ. `key` becomes the way there: "blocks[37].free", "lines, line 12".
struct Narrowed {
  std::string key;
  json expected, found;
};

json lines_from(const std::string& text, std::size_t begin) {
  return text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
}

Narrowed narrow(Narrowed difference) {
  while (whole_text(difference.expected).size() > kMaxShownBytes ||
         whole_text(difference.found).size() > kMaxShownBytes) {
    const json &a = difference.expected, &b = difference.found;
    if (a.type() != b.type()) break;
    if (a.is_array()) {
      std::size_t i = 0;
      while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
      difference = {fmt::format("{}[{}]", difference.key, i), i < a.size() ? json(a[i]) : json(),
                    i < b.size() ? json(b[i]) : json()};
    } else if (a.is_object()) {
      std::string key;
      for (const auto& [name, value] : a.items())
        if (key.empty() && (!b.contains(name) || b[name] != value)) key = name;
      for (const auto& [name, value] : b.items())
        if (key.empty() && !a.contains(name)) key = name;
      difference = {fmt::format("{}.{}", difference.key, key), json(a.value(key, json())), json(b.value(key, json()))};
    } else if (a.is_string()) {
      const auto &one = a.get_ref<const std::string&>(), &other = b.get_ref<const std::string&>();
      std::size_t line = 1, begin = 0;
      for (std::size_t i = 0; i < one.size() && i < other.size() && one[i] == other[i]; ++i) {
        if (one[i] != '\n') continue;
        ++line;
        begin = i + 1;
      }
      if (line == 1 && one.find('\n') == std::string::npos) break;
      difference = {fmt::format("{}, line {}", difference.key, line), lines_from(one, begin), lines_from(other, begin)};
      break;
    } else {
      break;
    }
  }
  return difference;
}

class DocumentReplay {
 public:
  DocumentReplay(const json& document, const GoldenOptions& options, GoldenDocumentReport& report)
      : document_(document), head_(golden_head(document)), options_(options), report_(report) {
    report_.label = head_.label();
  }

  core::Status run(const std::string& name) {
    const core::VersionProfile* profile = core::find_profile(head_.major, head_.checking);
    if (!profile) {
      return Error{ErrorCode::Unsupported,
                   fmt::format("{}: PostgreSQL {} is not re-built; 15 to 18 are", name, head_.major)};
    }
    for (const json& sequence : document_["sequences"]) {
      auto sequence_name = sequence["name"].get<std::string>();
      GoldenPlace place{report_.label, sequence_name, 0};
      try {
        run_sequence(*profile, sequence, place);
      } catch (const BadOperation& problem) {
        auto op = sequence["ops"][place.op]["op"].get<std::string>();
        return Error{ErrorCode::BadFormat, fmt::format("{}: {}, {}, op {} (\"{}\"): {}", name, report_.label,
                                                       sequence_name, place.op, op, problem.what())};
      }
      ++report_.sequences;
    }
    return core::Done{};
  }

 private:
  void run_sequence(const core::VersionProfile& profile, const json& sequence, GoldenPlace& place) {
    GoldenObserver* observer = options_.observer;
    if (observer) observer->sequence_began(place, profile);
    GoldenSequence process(profile, observer);
    const json nothing = json::object();
    for (const json& op : sequence["ops"]) {
      json found = process.run(op);
      compare(op.contains("r") ? op["r"] : nothing, found, op, place);
      ++report_.ops;
      if (observer) observer->op_done(place, process.process());
      ++place.op;
    }
    report_.events += process.event_count();
    if (observer) observer->sequence_ended(place);
  }

  void compare(const json& expected, const json& found, const json& op, const GoldenPlace& place) {
    if (expected == found) return;
    if (++report_.differences > options_.keep_differences) return;
    const json none;
    auto add = [&](const std::string& name, const json& expected_value, const json& found_value) {
      const auto [key, want, got] = narrow({name, expected_value, found_value});
      report_.first.push_back({report_.label, std::string(place.sequence), place.op, op["op"].get<std::string>(), key,
                               want.is_null() ? "nothing" : shown(want), got.is_null() ? "nothing" : shown(got)});
    };
    for (const auto& [key, value] : expected.items()) {
      auto got = found.find(key);
      if (got == found.end() || *got != value) add(key, value, got == found.end() ? none : *got);
    }
    for (const auto& [key, value] : found.items()) {
      if (!expected.contains(key)) add(key, none, value);
    }
  }

  const json& document_;
  GoldenHead head_;
  const GoldenOptions& options_;
  GoldenDocumentReport& report_;
};

}  // namespace

std::string describe(const GoldenDifference& difference) {
  return fmt::format("{}, {}, op {} ({}): {}: expected {}, found {}", difference.document, difference.sequence,
                     difference.op, difference.op_name, difference.key, difference.expected, difference.found);
}

bool GoldenReport::all_equal() const {
  for (const GoldenDocumentReport& document : documents) {
    if (document.differences != 0) return false;
  }
  return true;
}

Result<GoldenReport> replay_golden_text(const std::string& name, const std::string& text,
                                        const GoldenOptions& options) {
  auto documents = parse_golden(name, text);
  if (!documents) return documents.error();
  GoldenReport report;
  for (const json& document : *documents) {
    core::Status status = DocumentReplay(document, options, report.documents.emplace_back()).run(name);
    if (!status) return status.error();
  }
  return report;
}

Result<GoldenReport> replay_golden(const std::filesystem::path& file, const GoldenOptions& options) {
  auto text = read_golden_text(file);
  if (!text) return text.error();
  return replay_golden_text(file.string(), *text, options);
}

}  // namespace palloscope::trace
