package transform

import (
	"slices"
	"strings"
)

// adaptManaged leaves out what a provider keeps to itself: where files lie and how they are encrypted. Aurora has no compressed tables.
func (a *adapter) adaptManaged(t *tableText) {
	if !a.to.Managed && !a.to.Aurora {
		return
	}
	for _, o := range slices.Clone(t.options) {
		if o.value < 0 { // WITH SYSTEM VERSIONING
			continue
		}
		value := strings.Trim(strings.ToUpper(a.tokens[o.value].Unquote(a.mode)), " ")
		switch {
		case o.name == "TABLESPACE" && (a.to.Managed || a.to.Aurora):
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out: the provider keeps tables where it wants them")
		case o.name == "ENCRYPTION" && value != "N" && a.to.Managed:
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out: the provider encrypts the storage as a whole, or not")
		case !a.to.Aurora:
		case o.name == "ROW_FORMAT" && value == "COMPRESSED":
			a.dropOption(t, o.name, "ROW_FORMAT=COMPRESSED left out: Aurora has no compressed tables, this one grows")
		case o.name == "KEY_BLOCK_SIZE" && value != "0", o.name == "COMPRESSION" && value != "" && value != "NONE":
			a.dropOption(t, o.name, "option "+a.text(o.start, o.end-1)+" left out: Aurora has no compressed tables, this one grows")
		}
	}
}
