package main

import (
	"fmt"
	"html"
	"strings"
)

// The chart's measures, in pixels.
const (
	chartWidth = 760
	labelWidth = 250
	barHeight  = 14
	barGap     = 6
	headHeight = 64
	mostRatio  = 1.4 // where a bar is cut off
)

// chart draws gomove's wall time over that of the fastest peer as bars, to be seen on light and on dark pages.
func chart(all []entry) string {
	var bars []verdict
	for i := range all {
		if v, ok := (target{against: rival, what: wall}).judge(&all[i]); ok {
			bars = append(bars, v)
		}
	}
	height := headHeight + len(bars)*(barHeight+barGap) + barGap
	scale := float64(chartWidth-labelWidth-60) / mostRatio
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="sans-serif" font-size="12">
<title>Wall time of gomove over that of the fastest other tool</title>
<style>
text { fill: #24292f } .bar { fill: #2da44e } .slow { fill: #bf8700 } .spread { stroke: #57606a } .one { stroke: #cf222e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .bar { fill: #3fb950 } .slow { fill: #d29922 } .spread { stroke: #8b949e } .one { stroke: #f85149 } }
</style>
`, chartWidth, height, chartWidth, height)
	fmt.Fprintf(&b, "<text x=\"8\" y=\"20\" font-size=\"15\" font-weight=\"bold\">Wall time of gomove over that of the fastest other tool</text>\n")
	fmt.Fprintf(&b, "<text x=\"8\" y=\"38\">shorter is faster; the dashed line is the other tool; thin lines: lowest to highest round</text>\n")
	one := labelWidth + scale
	for i, v := range bars {
		y := headHeight + i*(barHeight+barGap)
		class := "bar"
		if v.got.Median > 1 {
			class = "slow"
		}
		middle := float64(y) + barHeight/2
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", labelWidth-8, y+barHeight-3,
			html.EscapeString(fmt.Sprintf("%s %s, %s", v.entry.Job, v.entry.Set, v.entry.Server)))
		fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n", class, labelWidth, y, scale*min(v.got.Median, mostRatio), barHeight)
		fmt.Fprintf(&b, "<line class=\"spread\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			labelWidth+scale*min(v.got.Low, mostRatio), labelWidth+scale*min(v.got.High, mostRatio), middle, middle)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\">%.2f</text>\n", labelWidth+scale*min(max(v.got.Median, v.got.High), mostRatio)+6, y+barHeight-3, v.got.Median)
	}
	fmt.Fprintf(&b, "<line class=\"one\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n</svg>\n", one, one, headHeight-barGap, height-barGap)
	return b.String()
}
