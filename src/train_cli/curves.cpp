#include "train_cli/curves.h"

#include "report/line_chart.h"
#include "report/page.h"
#include "report/style.h"

namespace shrike {

namespace {

constexpr double kLine = 2;

struct Curve {
  std::string column, name;
};

Series series_of(const ResultsTable& table, const Curve& curve, size_t index) {
  Series series;
  series.name = curve.name;
  series.stroke = series_stroke(index, kLine);
  const std::vector<double> values = table.column(curve.column);
  const std::vector<double> epochs = table.column("epoch");
  for (size_t i = 0; i < values.size(); ++i) series.points.push_back({epochs[i], values[i]});
  if (values.size() == 1) series.marker = 3;
  return series;
}

Figure figure_of(const ResultsTable& table, const std::string& file, const std::string& title,
                 const std::vector<Curve>& curves) {
  LineChart chart;
  chart.title = title;
  chart.x.title = "epoch";
  chart.y.low = 0;
  for (size_t i = 0; i < curves.size(); ++i)
    chart.series.push_back(series_of(table, curves[i], i));
  return {file, title + " over the epochs", "", draw(chart)};
}

}  // namespace

Result<void> write_curves(const std::filesystem::path& folder, const std::string& title,
                          const ResultsTable& table) {
  std::vector<Curve> losses;
  for (const std::string& name : table.losses())
    losses.push_back({ResultsTable::loss_column(name), name});
  Page page;
  page.head.title = title;
  page.sections.push_back(
      {"Curves",
       "",
       {figure_of(table, kLossesChart, "Losses on the training pictures", losses),
        figure_of(table, kScoresChart, "Scores on the pictures of val",
                  {{"map50_95", "AP 0.50:0.95"},
                   {"map50", "AP 0.50"},
                   {"precision", "precision"},
                   {"recall", "recall"}}),
        figure_of(table, kRateChart, "Learning rate", {{"learning_rate", "rate"}})}});
  return write_page(folder, page);
}

}  // namespace shrike
