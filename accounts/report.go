package accounts

// Report is what became of the accounts of a dump.
type Report struct {
	Created    []string `json:"created"`
	Kept       []string `json:"kept,omitempty"`        // were there: neither password nor grants were changed
	Left       []string `json:"left,omitempty"`        // belong to the server, to its provider, or run the load
	Locked     []string `json:"locked,omitempty"`      // were created without their password, and locked
	NotGranted []string `json:"not_granted,omitempty"` // "SUPER, FILE on *.* to `app`@`%`: not on this server"
	Changed    []string `json:"changed,omitempty"`     // what else is not as it was
	Failed     []string `json:"failed,omitempty"`      // were not created
}
