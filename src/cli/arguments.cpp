#include "cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "cli/nearest.h"

namespace shrike {

namespace {

// "--max_det" or "max_det" as the option is declared: "max-det".
std::string option_name(std::string_view word) {
  while (word.starts_with('-')) word.remove_prefix(1);
  std::string name(word);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// Declared options by their long names; positional declarations have none.
class Options {
 public:
  explicit Options(CLI::App& app) {
    for (CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) {
        names_.push_back(name);
        options_.push_back(option);
      }
  }

  const std::vector<std::string>& names() const { return names_; }
  CLI::Option* find(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found == names_.end() ? nullptr : options_[static_cast<size_t>(found - names_.begin())];
  }
  static bool takes_value(const CLI::Option* option) {
    return option->get_items_expected_max() > 0 && option->get_type_size_max() > 0;
  }
  // One that goes without, too, and then is what its default says.
  static bool needs_value(const CLI::Option* option) {
    return option->get_items_expected_min() > 0;
  }

 private:
  std::vector<std::string> names_;
  std::vector<CLI::Option*> options_;
};

// Sorts the words of a command line into options, as CLI11 is to see them, and file names.
class Sorter {
 public:
  Sorter(const Options& options, const std::vector<std::string>& args)
      : options_(options), args_(args) {}

  Result<void> sort() {
    for (at_ = 0; at_ < args_.size(); ++at_) {
      const std::string& word = args_[at_];
      if (word == "--") {
        words_.insert(words_.end(), args_.begin() + static_cast<ptrdiff_t>(at_) + 1, args_.end());
        return {};
      }
      if (word.starts_with("--")) {
        SHRIKE_TRY(take_option(word));
      } else if (word.size() > 1 && word[0] == '-') {
        SHRIKE_TRY(take_short(word));
      } else {
        SHRIKE_TRY(take_word(word));
      }
    }
    return {};
  }

  const std::vector<std::string>& option_words() const { return option_words_; }
  std::vector<std::string>& words() { return words_; }

 private:
  Result<void> take_option(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = option_name(std::string_view(word).substr(0, equals));
    const CLI::Option* option = options_.find(name);
    if (!option)
      return usage_error("unknown option " + word.substr(0, equals) + suggest(name, "--"));
    if (equals != std::string::npos) return take_value(name, word.substr(equals + 1));
    if (!Options::takes_value(option)) {
      option_words_.push_back("--" + name);
      return {};
    }
    const bool last = at_ + 1 == args_.size();
    if (!Options::needs_value(option) &&
        (last || args_[at_ + 1].starts_with('-') || args_[at_ + 1].find('=') != std::string::npos)) {
      option_words_.push_back("--" + name);
      return {};
    }
    if (last) return usage_error("option --" + name + " needs a value");
    return take_value(name, args_[++at_]);
  }

  Result<void> take_short(const std::string& word) {
    if (word == "-h") {
      option_words_.push_back("--help");
      return {};
    }
    if (word == "-o" && options_.find("output")) return take_option("--output");
    return usage_error("unknown option " + word +
                       " (a file name that begins with a dash goes behind --)");
  }

  // key=value where the key is an option, else a file name.
  Result<void> take_word(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = option_name(std::string_view(word).substr(0, equals));
    if (equals == std::string::npos || name.find('/') != std::string::npos) {
      words_.push_back(word);
      return {};
    }
    if (options_.find(name)) return take_value(name, word.substr(equals + 1));
    std::error_code ignored;
    const std::string meant = suggest(name, "");
    if (!meant.empty() && !std::filesystem::exists(word, ignored))
      return usage_error("unknown option " + word.substr(0, equals) + meant);
    words_.push_back(word);
    return {};
  }

  Result<void> take_value(const std::string& name, const std::string& value) {
    if (value.empty()) return usage_error("option --" + name + " needs a value");
    option_words_.push_back("--" + name + "=" + value);
    return {};
  }

  std::string suggest(const std::string& name, const std::string& dashes) const {
    const std::string meant = nearest_name(name, options_.names());
    return meant.empty() ? std::string() : "; did you mean " + dashes + meant + "?";
  }

  const Options& options_;
  const std::vector<std::string>& args_;
  size_t at_ = 0;
  std::vector<std::string> option_words_, words_;
};

// Set within show_app().
const std::function<void(CLI::App&)>* app_seen_by = nullptr;

}  // namespace

void show_app(const std::function<void()>& command, const std::function<void(CLI::App&)>& see) {
  app_seen_by = &see;
  command();
  app_seen_by = nullptr;
}

CLI::Validator number_in(double least, double most) {
  std::ostringstream range;
  range << "[" << least << " - " << most << "]";
  const auto check = [least, most, name = range.str()](const std::string& text) -> std::string {
    double value = 0;
    if (!CLI::detail::lexical_cast(text, value)) return text + " is not a number";
    if (value >= least && value <= most) return {};
    return text + " is not in " + name;
  };
  return CLI::Validator(check, "FLOAT in " + range.str());
}

CLI::Validator whole_number_in(int least, int most) {
  const std::string range = "[" + std::to_string(least) + " - " + std::to_string(most) + "]";
  const auto check = [least, most, range](const std::string& text) -> std::string {
    const char* end = text.data() + text.size();
    int value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc::invalid_argument || stop != end) return text + " is not a whole number";
    if (error == std::errc() && value >= least && value <= most) return {};
    return text + " is not in " + range;
  };
  return CLI::Validator(check, "INT in " + range);
}

CLI::Validator whole_number_of_64_bits() {
  const auto check = [](const std::string& text) -> std::string {
    const char* end = text.data() + text.size();
    uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end) return {};
    return text + " is not a whole number from 0 to 18446744073709551615";
  };
  return CLI::Validator(check, "");  // the help has UINT from the type
}

Result<Arguments> parse_arguments(CLI::App& app, const std::vector<std::string>& args) {
  if (app_seen_by) {
    (*app_seen_by)(app);
    return Arguments{true, {}};
  }
  const Options options(app);
  Sorter sorter(options, args);
  SHRIKE_TRY(sorter.sort());
  try {
    // CLI11 takes the words last first.
    app.parse(
        std::vector<std::string>(sorter.option_words().rbegin(), sorter.option_words().rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return Arguments{true, {}};
  } catch (const CLI::ArgumentMismatch& error) {
    // "--conf: At Most 1 required but received 2"
    const std::string text = error.what();
    const size_t at = text.find(": At Most 1 required");
    return usage_error(at == std::string::npos ? text : text.substr(0, at) + " is given twice");
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  return Arguments{false, std::move(sorter.words())};
}

}  // namespace shrike
