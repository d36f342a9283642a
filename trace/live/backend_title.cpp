#include "trace/live/backend_title.h"

#include <algorithm>
#include <cctype>

namespace palloscope::trace {
namespace {

// Processes that serve no client. Longer ones first, where one begins another.
constexpr std::string_view kKinds[] = {
    "autovacuum launcher",
    "autovacuum worker",
    "logical replication launcher",
    "logical replication apply worker",
    "logical replication parallel apply worker",
    "logical replication parallel worker",
    "logical replication tablesync worker",
    "logical replication worker",
    "background writer",
    "parallel worker",
    "checkpointer",
    "walwriter",
    "walreceiver",
    "walsummarizer",
    "wal summarizer",
    "archiver",
    "logger",
    "startup",
    "slotsync worker",
    "slot sync worker",
    "stats collector",
    "io worker",
};

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "[local]", or an address with a port in brackets.
bool is_client(std::string_view word) {
  if (word == "[local]") return true;
  const std::size_t bracket = word.rfind('(');
  if (bracket == std::string_view::npos || bracket == 0 || word.back() != ')' || word.size() - bracket < 3)
    return false;
  const std::string_view port = word.substr(bracket + 1, word.size() - bracket - 2);
  return std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "cluster: " in front, if cluster_name is set.
std::string_view without_cluster(std::string_view title) {
  const std::size_t blank = title.find(' ');
  if (blank == std::string_view::npos || blank < 2 || title[blank - 1] != ':') return title;
  return without_blanks(title.substr(blank));
}

}  // namespace

void apply_title(std::string_view title, Backend& backend) {
  title = without_cluster(without_blanks(title));
  for (const std::string_view kind : kKinds) {
    if (!begins_with_word(title, kind)) continue;
    backend.kind = kind;
    (kind == "autovacuum worker" ? backend.database : backend.activity) = without_blanks(title.substr(kind.size()));
    return;
  }
  backend.kind = "backend";
  if (begins_with_word(title, "walsender")) {
    backend.kind = "walsender";
    title = without_blanks(title.substr(9));
  }
  for (std::size_t at = 0; at < title.size();) {
    const std::size_t end = std::min(title.find(' ', at), title.size());
    if (at > 0 && is_client(title.substr(at, end - at))) {
      const std::string_view who = without_blanks(title.substr(0, at));
      backend.client = title.substr(at, end - at);
      backend.activity = without_blanks(title.substr(end));
      // A physical walsender has no database; between user and database no blank tells more than another.
      const std::size_t blank = who.find(' ');
      backend.user = who.substr(0, blank);
      if (blank != std::string_view::npos) backend.database = without_blanks(who.substr(blank));
      return;
    }
    at = end + 1;
  }
  // No client: a background worker of an extension, which names itself.
  backend.kind = "background worker";
  backend.activity = title;
}

}  // namespace palloscope::trace
