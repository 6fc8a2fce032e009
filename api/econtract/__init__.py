"""Electronic labour contracts 电子劳动合同: templates, drafts, the legality check, sending, states.

人社厅发〔2021〕54号 (guideline on electronic labour contracts); 劳动合同法 arts. 10–26.
"""
