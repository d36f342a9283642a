#include "trace/importers/log_dumps.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::string_view kFirstLine = "logging memory contexts of PID ";
constexpr std::string_view kLevel = "level: ";
constexpr std::string_view kGrandTotal = "Grand total: ";
constexpr std::string_view kTop = "TopMemoryContext";
constexpr std::size_t kMostSessions = 256;      // open at once; more is no server's log
constexpr std::size_t kMostFirstLines = 64;     // remembered
constexpr std::size_t kLongestFirstLine = 300;  // bytes
constexpr std::uint64_t kLargestPid = 0xFFFFFFFF;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// The numbers in a text, in order; those too large for a PID as 0.
std::vector<std::uint32_t> numbers_in(std::string_view text) {
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > i)
      numbers.push_back(static_cast<std::uint32_t>(parse_number(text.substr(i, end - i), kLargestPid).value_or(0)));
    i = end + 1;
  }
  return numbers;
}

std::optional<std::uint32_t> announced_pid(std::string_view text) {
  if (!starts_with(text, kFirstLine)) return std::nullopt;
  const auto pid = parse_number(text.substr(kFirstLine.size()), kLargestPid);
  if (!pid) return std::nullopt;
  return static_cast<std::uint32_t>(*pid);
}

// Keeps the places that still hold; starts anew where none does.
void narrow(std::vector<std::size_t>& places, const std::vector<std::size_t>& now) {
  std::vector<std::size_t> both;
  std::set_intersection(places.begin(), places.end(), now.begin(), now.end(), std::back_inserter(both));
  places = both.empty() ? now : both;
}

}  // namespace

std::string shape_of(std::string_view prefix) {
  std::string shape;
  for (const char c : prefix)
    if (!is_digit(c))
      shape += c;
    else if (shape.empty() || shape.back() != '#')
      shape += '#';
  return shape;
}

bool is_dump_message(std::string_view text) {
  return starts_with(text, kLevel) || starts_with(text, kGrandTotal) || announced_pid(text);
}

LogDumps::Session& LogDumps::open(std::uint32_t pid, const LogMessage& message, std::string first_line) {
  if (sessions_.size() >= kMostSessions) {
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(),
                                         [](const Session& a, const Session& b) { return a.last_line < b.last_line; });
    close(*oldest, false);
  }
  Session session;
  session.pid = pid;
  session.builder.dump().pid = pid;
  session.builder.dump().label = message.time;
  session.builder.dump().first_line = std::move(first_line);
  session.last_line = message.line_number;
  if (!message.pid) {
    session.prefix_shape = shape_of(message.prefix);
    const std::vector<std::uint32_t> numbers = numbers_in(message.prefix);
    std::vector<std::size_t> from_left, from_right;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (pid != 0 && numbers[i] == pid) {
        from_left.push_back(i);
        from_right.insert(from_right.begin(), numbers.size() - 1 - i);
      }
    session.pid_in_prefix = !from_left.empty();
    if (session.pid_in_prefix) {
      narrow(places_from_left_, from_left);
      narrow(places_from_right_, from_right);
    }
  }
  sessions_.push_back(std::move(session));
  return sessions_.back();
}

// A dump whose first line is missing, or is in another language.
LogDumps::Session& LogDumps::open_unannounced(const LogMessage& message) {
  const std::vector<std::uint32_t> numbers = numbers_in(message.prefix);
  for (auto it = first_lines_.rbegin(); it != first_lines_.rend(); ++it) {
    const bool same =
        message.pid ? *message.pid == it->pid : std::find(numbers.begin(), numbers.end(), it->pid) != numbers.end();
    if (!same) continue;
    FirstLine first_line = std::move(*it);
    first_lines_.erase(std::next(it).base());
    return open(first_line.pid, message, std::move(first_line.text));
  }
  if (message.pid) return open(*message.pid, message, {});
  for (const std::size_t place : places_from_left_)
    if (place < numbers.size()) return open(numbers[place], message, {});
  return open(0, message, {});
}

LogDumps::Session* LogDumps::find(const LogMessage& message) {
  Session* best = nullptr;
  bool best_by_pid = false;
  const bool one_shape = !message.pid;
  const std::vector<std::uint32_t> numbers = one_shape ? numbers_in(message.prefix) : std::vector<std::uint32_t>{};
  std::string shape;
  for (Session& session : sessions_) {
    bool by_pid = false;
    if (message.pid) {
      if (session.pid != *message.pid) continue;
      by_pid = true;
    } else if (session.pid_in_prefix) {
      const auto at_left = [&](std::size_t place) { return place < numbers.size() && numbers[place] == session.pid; };
      const auto at_right = [&](std::size_t place) {
        return place < numbers.size() && numbers[numbers.size() - 1 - place] == session.pid;
      };
      by_pid = std::any_of(places_from_left_.begin(), places_from_left_.end(), at_left) ||
               std::any_of(places_from_right_.begin(), places_from_right_.end(), at_right);
      if (!by_pid) continue;
    } else {
      if (shape.empty()) shape = shape_of(message.prefix);
      if (session.prefix_shape != shape) continue;
    }
    const bool better =
        best == nullptr || by_pid > best_by_pid || (by_pid == best_by_pid && session.last_line > best->last_line);
    if (better) best = &session, best_by_pid = by_pid;
  }
  return best;
}

void LogDumps::close(Session& session, bool complete) {
  const bool empty = session.builder.empty();
  Dump dump = session.builder.finish(complete);
  sessions_.erase(sessions_.begin() + (&session - sessions_.data()));
  if (empty) return;
  ++delivered_;
  for (const DumpedContext& context : dump.contexts) saw_bump_ = saw_bump_ || context.kind == core::ContextKind::Bump;
  consumer_(std::move(dump));
}

// Any short message that tells a number which its prefix holds too may be a first line in another language.
void LogDumps::remember(const LogMessage& message) {
  if (message.text.size() > kLongestFirstLine) return;
  const std::vector<std::uint32_t> told = numbers_in(message.text);
  if (told.empty()) return;
  const std::vector<std::uint32_t> numbers =
      message.pid ? std::vector<std::uint32_t>{*message.pid} : numbers_in(message.prefix);
  for (const std::uint32_t number : told) {
    if (number == 0 || std::find(numbers.begin(), numbers.end(), number) == numbers.end()) continue;
    first_lines_.push_back({number, std::string(message.text)});
    if (first_lines_.size() > kMostFirstLines) first_lines_.pop_front();
    return;
  }
}

bool LogDumps::take_context(std::string_view body, const LogMessage& message) {
  std::size_t digits = 0;
  while (digits < body.size() && is_digit(body[digits])) ++digits;
  const auto level = parse_number(body.substr(0, digits));
  if (!level || body.substr(digits, 2) != "; ") return false;
  body.remove_prefix(digits + 2);
  const auto more = parse_more_children_line(body);
  const auto context = more ? std::nullopt : parse_stats_line(body);
  if (!more && !context) return false;

  Session* session = find(message);
  const bool is_top = context && context->name == kTop && *level <= 1;
  if (session != nullptr && is_top && session->base >= 0) {  // another dump begins: the end of this one is lost
    close(*session, false);
    session = nullptr;
  }
  if (session == nullptr) session = &open_unannounced(message);
  session->last_line = message.line_number;
  if (session->base < 0) {
    if (is_top) saw_base_[*level] = true;
    session->base = is_top ? static_cast<int>(*level) : (saw_base_[1] && !saw_base_[0] ? 1 : 0);
  }
  const std::uint64_t depth = *level - std::min<std::uint64_t>(*level, static_cast<std::uint64_t>(session->base));
  if (more)
    session->builder.omit(depth, *more, message.line_number);
  else
    session->builder.add(depth, *context, message.line_number);
  return true;
}

bool LogDumps::take(const LogMessage& message) {
  if (starts_with(message.text, kLevel)) {
    if (take_context(message.text.substr(kLevel.size()), message)) return true;
    if (Session* session = find(message))
      session->builder.complain(fmt::format("line {}: not understood", message.line_number));
    return false;
  }
  if (const auto total = parse_grand_total_line(message.text)) {
    Session* session = find(message);
    if (session == nullptr) return false;
    session->builder.grand_total(*total);
    close(*session, true);
    return true;
  }
  if (const auto pid = announced_pid(message.text)) {
    for (Session& session : sessions_)
      if (session.pid == *pid) {
        close(session, false);
        break;
      }
    open(*pid, message, {});
    return true;
  }
  remember(message);
  return false;
}

DumpFacts LogDumps::facts() const {
  DumpFacts facts;
  facts.dumps = delivered_;
  facts.forms[static_cast<int>(DumpForm::Log)] = delivered_ > 0;
  // Only 18 begins at 1; of those that begin at 0 only 17 has Bump contexts.
  if (saw_base_[1] && !saw_base_[0]) facts.pg_major = 18;
  if (saw_base_[0] && !saw_base_[1] && saw_bump_) facts.pg_major = 17;
  return facts;
}

void LogDumps::finish() {
  while (!sessions_.empty()) close(sessions_.front(), false);
}

}  // namespace palloscope::trace
