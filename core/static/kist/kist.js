// Behaviour of Kist's own pieces. Everything is bound here: no page carries a handler inline.
(() => {
  "use strict";

  const isTyping = (element) =>
    element && (["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName) || element.isContentEditable);

  const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", maximumFractionDigits: 0 });

  const shortRupees = (value) => {
    if (Math.abs(value) >= 1e7) return `₹${(value / 1e7).toFixed(1)} Cr`;
    if (Math.abs(value) >= 1e5) return `₹${(value / 1e5).toFixed(1)} L`;
    return rupees.format(value);
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // "/" goes to the search box from anywhere, unless one is typing already.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return;
    const box = document.querySelector("[data-search-first]") || document.querySelector("[data-search-focus]");
    if (!box) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.focus();
    box.select();
  }, true);

  // What identifies a person stays out of addresses, histories and logs: such a search is sent by POST.
  const isPersonal = (text) => /^[a-z]{5}[0-9]{4}[a-z]$/i.test(text) || /^\+?[0-9][0-9\s()-]{5,}$/.test(text);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("role") !== "search" || !form.elements.q || !isPersonal(form.elements.q.value.trim())) return;
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (!token) return;
    form.method = "post";
    const field = form.appendChild(document.createElement("input"));
    Object.assign(field, { type: "hidden", name: "csrfmiddlewaretoken", value: token[1] });
  });

  // A form that writes is sent once; the server's key makes a second sending harmless all the same.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter || form.querySelector("button[type=submit]");
    if (button) setTimeout(() => (button.disabled = true), 0);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button[disabled]")) button.disabled = false;
    }
  });

  // The as-of date and other small choices take effect when they change.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]") && event.target.value) event.target.form.requestSubmit();
  });

  // A field that only belongs to one choice is shown with that choice alone: data-with="name=value".
  const showFitting = (form) => {
    for (const field of form.querySelectorAll("[data-with]")) {
      const [name, value] = field.dataset.with.split("=");
      const box = field.closest(".k-field");
      if (box && form.elements[name]) box.hidden = form.elements[name].value !== value;
    }
  };
  const formsWithChoices = () => new Set([...document.querySelectorAll("[data-with]")].map((field) => field.form));
  document.addEventListener("DOMContentLoaded", () => formsWithChoices().forEach(showFitting));
  document.addEventListener("change", (event) => {
    if (event.target.form && event.target.form.querySelector("[data-with]")) showFitting(event.target.form);
  });

  // What is ticked in a list is added up below it.
  document.addEventListener("change", (event) => {
    const table = event.target.closest("table[data-sum]");
    if (!table) return;
    const ticked = [...table.querySelectorAll("input[data-paise]:checked")];
    const paise = ticked.reduce((sum, box) => sum + BigInt(box.dataset.paise), 0n);
    const total = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", minimumFractionDigits: 2 });
    table.querySelector("[data-sum-total]").textContent = total.format(`${paise / 100n}.${String(paise % 100n).padStart(2, "0")}`);
  });

  // Explanations open in a drawer that the browser itself traps focus in.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "explain-body") return;
    const drawer = document.getElementById("explain");
    if (!drawer.open) drawer.showModal();
  });
  document.addEventListener("click", (event) => {
    const drawer = document.getElementById("explain");
    if (!drawer || !drawer.open) return;
    if (event.target === drawer || event.target.closest("[data-close]") || event.target.closest("a[data-leave]")) drawer.close();
  });

  // The theme's icons are words of a font; read aloud they are noise.
  document.addEventListener("DOMContentLoaded", () => {
    // The theme would look for a text field that only its own file fields have.
    for (const field of document.querySelectorAll("input[type=file].k-input")) field.hasChangeListener = true;
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) icon.setAttribute("aria-hidden", "true");
  });

  const charts = [];

  const axis = (extra) => ({
    grid: { color: colour("--k-line"), tickLength: 0 },
    border: { display: false },
    ticks: { color: colour("--k-muted"), padding: 6, ...extra },
  });

  const baseOptions = () => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { position: "top", align: "end", labels: { boxWidth: 10, boxHeight: 10, color: colour("--k-muted") } },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${rupees.format(item.raw)}` } },
    },
  });

  const scheduleChart = (data) => {
    const options = baseOptions();
    options.scales = {
      x: { stacked: true, ...axis({ maxTicksLimit: 12, maxRotation: 0 }), grid: { display: false } },
      y: { stacked: true, ...axis({ callback: shortRupees, maxTicksLimit: 6 }) },
      balance: { position: "right", ...axis({ callback: shortRupees, maxTicksLimit: 6 }), grid: { display: false }, beginAtZero: true },
    };
    const bar = (label, values, name) => ({ type: "bar", label, data: values, backgroundColor: colour(name), maxBarThickness: 22 });
    return {
      data: {
        labels: data.labels,
        datasets: [
          { type: "line", label: "Balance", data: data.balance, yAxisID: "balance", borderColor: colour("--k-series-3"),
            backgroundColor: colour("--k-series-3"), borderWidth: 2, pointRadius: 0, stepped: "before" },
          bar("Principal", data.principal, "--k-series-1"),
          bar("Interest", data.interest, "--k-series-2"),
        ],
      },
      options,
    };
  };

  const bucketChart = (data) => {
    const options = baseOptions();
    options.indexAxis = "y";
    options.plugins.legend.display = false;
    options.plugins.tooltip.callbacks.label = (item) =>
      `${rupees.format(item.raw)} in ${data.counts[item.dataIndex].toLocaleString("en-IN")} loans`;
    options.scales = { x: axis({ callback: shortRupees, maxTicksLimit: 6 }), y: { ...axis({}), grid: { display: false } } };
    return {
      type: "bar",
      data: { labels: data.labels, datasets: [{ label: "Principal", data: data.amounts, maxBarThickness: 22, borderRadius: 4,
        backgroundColor: data.tones.map((name) => colour(name)) }] },
      options,
    };
  };

  const compareChart = (data) => {
    const options = baseOptions();
    options.plugins.tooltip.callbacks.label = (item) => {
      const counts = item.datasetIndex ? data.after_counts : data.before_counts;
      return `${item.dataset.label}: ${rupees.format(item.raw)} in ${counts[item.dataIndex].toLocaleString("en-IN")} loans`;
    };
    options.scales = { x: { ...axis({}), grid: { display: false } }, y: axis({ callback: shortRupees, maxTicksLimit: 6 }) };
    const bar = (label, values, name) => ({ label, data: values, backgroundColor: colour(name), maxBarThickness: 26, borderRadius: 4 });
    return {
      type: "bar",
      data: { labels: data.labels, datasets: [bar("Now", data.before, "--k-series-1"), bar("With the change", data.after, "--k-series-2")] },
      options,
    };
  };

  const builders = { schedule: scheduleChart, buckets: bucketChart, compare: compareChart };

  const drawCharts = () => {
    for (const chart of charts.splice(0)) chart.destroy();
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
      const source = document.getElementById(canvas.dataset.source);
      if (!source) continue;
      Chart.defaults.font.family = "Inter, sans-serif";
      charts.push(new Chart(canvas, builders[canvas.dataset.chart](JSON.parse(source.textContent))));
    }
  };

  window.addEventListener("load", () => {
    drawCharts();
    // A long schedule opens where the loan stands.
    for (const box of document.querySelectorAll(".k-table--sticky")) {
      const next = box.querySelector("tr.is-next");
      if (next) box.scrollTop = Math.max(next.offsetTop - box.clientHeight / 2, 0);
    }
    // Colours come from the theme, so a change of light and dark draws again.
    new MutationObserver(drawCharts).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.querySelector && event.target.querySelector("canvas[data-chart]")) drawCharts();
  });
})();
