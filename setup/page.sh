# The page of an executed notebook, which needs nothing from anywhere. Sourced by `kit`; its template is setup/page.

# write_page NOTEBOOK…: a page beside each. Without pandoc formulas are drawn by a MathJax that nbconvert links.
write_page() {
    local options=(--template page --TemplateExporter.extra_template_basedirs="$root/setup")
    if command -v pandoc >/dev/null; then options+=(--HTMLExporter.mathjax_url=); fi
    jupyter nbconvert --to html "${options[@]}" --output-dir "$(dirname "$1")" "$@"
}
